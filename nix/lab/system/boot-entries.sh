#!/bin/sh
# shellcheck disable=SC2154 # $system, $busybox, $boot_loader and $timeout are set in lines put before these
# boot-entries [ROOT]: writes one boot entry for every generation of the system profile, as systemd-boot's installer does, and
# makes this system's the default. A container's entries are read by its /sbin/lab-init; the others name copies of kernel and
# initrd beside them, and systemd-boot itself is brought up to date. ROOT is where the machine's files are, if they are not
# those of this machine.
set -eu
export PATH="$busybox/bin:/usr/bin:/bin"
root=${1-}
boot=$root/boot
entries=$boot/loader/entries
mkdir -p "$entries"
new=
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "$new" ] || rm -f "$new"' EXIT

# install SOURCE TARGET: copies what is not there yet; a reader never sees half of it, also after a power cut.
install() {
	! cmp -s "$1" "$2" || return 0
	mkdir -p "${2%/*}"
	new=$2.new
	cp "$1" "$new"
	sync "$new"
	mv "$new" "$2"
	new=
	# FAT's entry may name the blocks of the replaced file until then, which are free.
	sync "$2"
}

# on_esp FILE: the place of a store's file below /boot.
on_esp() {
	file=$(readlink -f "$1")
	echo "/EFI/nixos/$(echo "${file#/nix/store/}" | tr / -).efi"
}

# text VERSION SYSTEM: the entry.
text() {
	echo 'title NixOS'
	echo 'sort-key nixos'
	echo "version $1, $(cat "$2/nixos-version")"
	if [ -e "$2/kernel" ]; then
		echo "linux $(on_esp "$2/kernel")"
		echo "initrd $(on_esp "$2/initrd")"
	fi
	echo "options init=$2/init $(cat "$2/kernel-params")"
	# A machine that never started has none.
	[ ! -s "$root/etc/machine-id" ] || echo "machine-id $(cat "$root/etc/machine-id")"
}

# What stays: pairs of an entry's version and its system, one a line.
generations=$(
	for link in "$root"/nix/var/nix/profiles/system-*-link; do
		target=$(readlink -f "$link")
		[ -e "$target/init" ] || continue
		generation=${link##*/system-}
		echo "Generation ${generation%-link}	$target"
	done
)
tab=$(printf '\t')
# A system that is in no generation can be booted as well.
case "$generations$tab" in *"$tab$system$tab"* | *"$tab$system
"*) ;; *) generations="$generations
Current$tab$system" ;; esac

keep='' default=''
while IFS=$tab read -r version target; do
	[ -n "$target" ] || continue
	name=nixos-$(text "$version" "$target" | sha256sum | cut -d ' ' -f 1).conf
	keep="$keep $name"
	[ ! -e "$target/kernel" ] || keep="$keep $(on_esp "$target/kernel") $(on_esp "$target/initrd")"
	[ "$target" != "$system" ] || default=$name
done <<GENERATIONS
$generations
GENERATIONS

# What no generation needs goes first: the partition may be full.
for file in "$entries"/nixos-*.conf "$boot"/EFI/nixos/*; do
	case " $keep " in *" ${file##*/} "* | *" ${file#"$boot"} "*) ;; *) rm -f "$file" ;; esac
done

while IFS=$tab read -r version target; do
	[ -n "$target" ] || continue
	if [ -e "$target/kernel" ]; then
		install "$target/kernel" "$boot$(on_esp "$target/kernel")"
		install "$target/initrd" "$boot$(on_esp "$target/initrd")"
	fi
	name=nixos-$(text "$version" "$target" | sha256sum | cut -d ' ' -f 1).conf
	text "$version" "$target" >"$work/entry"
	install "$work/entry" "$entries/$name"
done <<GENERATIONS
$generations
GENERATIONS
if [ -n "$boot_loader" ]; then
	install "$boot_loader" "$boot/EFI/systemd/systemd-bootx64.efi"
	install "$boot_loader" "$boot/EFI/BOOT/BOOTX64.EFI"
fi
printf 'timeout %s\ndefault %s\n' "$timeout" "$default" >"$work/loader.conf"
install "$work/loader.conf" "$boot/loader/loader.conf"
