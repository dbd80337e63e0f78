#!/bin/sh
# shellcheck disable=SC2154 # the derivation's variables
# Builds the toplevel; the variables come from modules/system.nix.
mkdir -p "$out/bin" "$out/lib" "$out/specialisation"
ln -s "$etc/etc" "$out/etc"
ln -s "$path" "$out/sw"
# The machine's systemd is Debian's.
ln -s /lib/systemd "$out/systemd"
printf '%s' "$platform" >"$out/system"
printf '%s' "$label" >"$out/nixos-version"
printf '%s' "$kernelParams" >"$out/kernel-params"
printf '%s' "$initInterfaceVersion" >"$out/init-interface-version"
printf '%s' "$inhibitors" >"$out/switch-inhibitors"
if [ -n "$kernel" ]; then
	ln -s "$kernel/bzImage" "$out/kernel"
	ln -s "$initrd/initrd" "$out/initrd"
	ln -s "$kernelModules" "$out/kernel-modules"
fi

# name file, one a line, in the order in which they run.
pairs() {
	names=$1
	shift
	for name in $names; do
		echo "$name $1"
		shift
	done
}
# shellcheck disable=SC2086 # store paths have no blanks
pairs "$specialisationNames" $specialisations | while read -r name path; do
	ln -s "$path" "$out/specialisation/$name"
done
# shellcheck disable=SC2086
pairs "$snippetNames" $snippetFiles >"$out/lib/activation-snippets"
# shellcheck disable=SC2086
pairs "$checkNames" $checkFiles >"$out/lib/checks"

install_script() {
	{
		printf '#!%s/bin/sh\nsystem=%s\nbusybox=%s\n' "$busybox" "$out" "$busybox"
		[ -z "${3-}" ] || printf '%s\n' "$3"
		cat "$1"
	} >"$2"
	chmod 555 "$2"
}
install_script "$activateSource" "$out/activate"
install_script "$initSource" "$out/init" "post_boot=$postBoot"
install_script "$switchSource" "$out/bin/switch-to-configuration"
install_script "$bootEntriesSource" "$out/bin/boot-entries" "boot_loader=$bootLoader timeout=$timeout"
install_script "$checksSource" "$out/lib/pre-switch-checks"
install_script "$switchUserUnitsSource" "$out/lib/switch-user-units"
cp "$switchUnitsSource" "$out/lib/switch-units"
