#!/bin/sh
# shellcheck disable=SC2154 # the derivation's variables
# Builds the initrd; the variables come from modules/initrd.nix. The same input gives the same bytes.
mkdir -p "$out" root/bin root/dev root/proc root/run root/sys root/mnt-root
cp "$busybox/bin/busybox" root/bin/busybox
for applet in sh mount findfs modprobe sleep cat mkdir switch_root; do ln -s busybox "root/bin/$applet"; done

# Kmod's programs go by the names they are called with.
ln -s "$kmod/bin/kmod" modprobe
ln -s "$kmod/bin/kmod" depmod
tree=root/lib/modules/$modDirVersion
mkdir -p "$tree"
for module in $modules $neededModules; do
	if ! ./modprobe -d "$modulesTree" -S "$modDirVersion" --show-depends "$module" >depends; then
		[ -n "$allowMissing" ] && continue
		echo "error: the initrd wants the module '$module', and the kernel $modDirVersion has none of that name, neither as a module nor built in" >&2
		exit 1
	fi
	sed -n 's/^insmod \([^ ]*\).*/\1/p' depends
done >all
sort -u all >files
while read -r file; do
	relative=${file#"$modulesTree/lib/modules/$modDirVersion/"}
	mkdir -p "$tree/$(dirname "$relative")"
	case $relative in
	*.xz) xz -dc "$file" >"$tree/${relative%.xz}" ;;
	*.gz) gzip -dc "$file" >"$tree/${relative%.gz}" ;;
	*.ko) cp "$file" "$tree/$relative" ;;
	*)
		echo "error: $file is packed in a way that the initrd does not know" >&2
		exit 1
		;;
	esac
done <files
for list in modules.order modules.builtin modules.builtin.modinfo; do
	[ ! -e "$modulesTree/lib/modules/$modDirVersion/$list" ] || cp "$modulesTree/lib/modules/$modDirVersion/$list" "$tree/"
done
./depmod -b root "$modDirVersion"

{
	printf '#!/bin/sh\nmodules="%s"\nneeded_modules="%s"\nroot_device="%s"\nroot_type="%s"\nroot_options="%s"\n' \
		"$modules" "$neededModules" "$rootDevice" "$rootType" "$rootOptions"
	cat "$stage1Source"
} >root/init
chmod -R u=rwX,go=rX root
chmod 755 root/init root/bin/busybox
find root -exec touch -h -d @1 {} +
(cd root && find . -mindepth 1 | LC_ALL=C sort | "$cpio/bin/cpio" --quiet -o -H newc --reproducible -R 0:0) | gzip -9 >"$out/initrd"
