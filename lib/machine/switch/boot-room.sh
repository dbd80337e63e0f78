#!/bin/sh
# Room that an installer of a boot loader needs and makes. Comes after prelude.sh, boot-state.sh and: profile.
# shellcheck disable=SC2154 # loader and entries are set by boot-state.sh
: "${profile:?}"

# new_kib SYSTEM: the KiB of its kernel and initrd that the menu of another generation has not brought to the boot partition yet.
new_kib() {
	for part in kernel initrd; do
		file=$(target "$1/$part")
		[ -n "$file" ] || continue
		path=${file#/nix/store/}
		case $path in */*) copy=${path%%/*}-${path##*/} ;; *) copy=$path ;; esac
		# systemd-boot's installer, then GRUB's
		[ -n "$(first_folder "EFI/nixos/$copy.efi")" ] || [ -e "/boot/kernels/$copy" ] || cat "$file"
	done | wc -c | awk '{ print int($1 / 1024) }'
}

# The KiB that systemd-boot's installer frees before it writes: files of the oldest entry alone, if a limit of configurations keeps
# the menu shorter than the profile.
removable_kib() {
	read_loader
	[ "$loader" = systemd-boot ] || { echo 0 && return; }
	numbers=$(sed -n 's/^version Generation \([0-9]*\).*/\1/p' "$entries"/*.conf | sort -nu)
	generations=$(find "${profile%/*}" -maxdepth 1 -name "${profile##*/}-*-link" | wc -l)
	oldest=$(grep -lE "^version Generation $(printf '%s\n' "$numbers" | head -n 1)([ ,]|\$)" "$entries"/*.conf | head -n 1)
	if [ -z "$oldest" ] || [ "$(printf '%s\n' "$numbers" | wc -l)" -ge "$generations" ] || default_is "$(init_of "$oldest")"; then
		echo 0
		return
	fi
	sed -n 's/^\(linux\|initrd\) //p' "$oldest" | while read -r file; do
		[ "$(grep -lE "^(linux|initrd) $file\$" "$entries"/*.conf | wc -l)" != 1 ] || cat "${entries%/loader/entries}$file"
	done | wc -c | awk '{ print int($1 / 1024) }'
}
