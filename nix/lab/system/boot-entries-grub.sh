#!/bin/sh
# shellcheck disable=SC2154 # $system, $busybox, $boot_loader and $timeout are set in lines put before these
# boot-entries [ROOT]: writes GRUB's menu as NixOS's installer does: this system, which is the default, then every generation of
# the system profile in a submenu. Kernels and initrds are copied beside it. ROOT is where the machine's files are, if they are not
# those of this machine.
set -eu
export PATH="$busybox/bin:/usr/bin:/bin"
root=${1-}
boot=$root/boot
mkdir -p "$boot/grub" "$boot/kernels" "$boot/EFI/BOOT" "$boot/EFI/debian"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# install SOURCE TARGET: copies what is not there yet; a reader never sees half of it, also after a power cut.
install() {
	! cmp -s "$1" "$2" || return 0
	cp "$1" "$2.new" || {
		rm -f "$2.new"
		exit 1
	}
	sync "$2.new"
	mv "$2.new" "$2"
	# FAT's entry may name the blocks of the replaced file until then, which are free.
	sync "$2"
}
# write FILE: standard input becomes the file.
write() {
	cat >"$work/text"
	install "$work/text" "$1"
}

# copied FILE: the place of a store's file below /boot; copies it.
copied() {
	file=$(readlink -f "$1")
	name=$(echo "${file#/nix/store/}" | tr / -)
	install "$file" "$boot/kernels/$name"
	echo "$name" >>"$work/kept"
	echo "/kernels/$name"
}
# entry TITLE SYSTEM
entry() {
	linux=$(copied "$2/kernel")
	initrd=$(copied "$2/initrd")
	cat <<-ENTRY
		menuentry "$1" --class nixos --unrestricted {
		search --set=drive1 --label ESP
		  linux (\$drive1)$linux init=$2/init $(cat "$2/kernel-params")
		  initrd (\$drive1)$initrd
		}
	ENTRY
}
menu() {
	cat <<-'HEAD'
		if [ -s $prefix/grubenv ]; then
		  load_env
		fi
		# An entry for one boot, which grub-reboot has set.
		if [ "${next_entry}" ]; then
		  set default="${next_entry}"
		  set next_entry=
		  save_env next_entry
		  set timeout=0
		  set boot_once=true
		else
		  set default=0
	HEAD
	printf '  set timeout=%s\nfi\n' "$timeout"
	entry NixOS "$system"
	echo 'submenu "NixOS - All configurations" --class submenu {'
	for link in "$root"/nix/var/nix/profiles/system-*-link; do
		number=${link##*/system-}
		echo "${number%-link}"
	done | sort -rn | while read -r number; do
		target=$(readlink -f "$root/nix/var/nix/profiles/system-$number-link")
		[ ! -e "$target/kernel" ] || entry "NixOS - Configuration $number ($(cat "$target/nixos-version"))" "$target"
	done
	echo '}'
}

menu >"$work/menu"
install "$boot_loader" "$boot/EFI/BOOT/BOOTX64.EFI"
# shellcheck disable=SC2016 # GRUB's variables
printf 'set prefix=($root)/grub\nconfigfile ($root)/grub/grub.cfg\n' | write "$boot/EFI/debian/grub.cfg"
# A block of 1024 bytes, which GRUB overwrites in place.
if [ ! -e "$boot/grub/grubenv" ]; then
	{
		echo '# GRUB Environment Block'
		head -c 999 /dev/zero | tr '\0' '#'
	} | write "$boot/grub/grubenv"
fi
install "$work/menu" "$boot/grub/grub.cfg"
# After the menu that no longer names them.
for file in "$boot"/kernels/*; do
	grep -qxF "${file##*/}" "$work/kept" || rm -f "$file"
done
