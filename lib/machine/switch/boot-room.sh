#!/bin/sh
# Room that an installer of a boot loader makes. Comes after prelude.sh, boot-state.sh and: profile.
: "${profile:?}"

# The KiB that systemd-boot's installer frees before it writes: files of the oldest entry alone, if a limit of configurations keeps
# the menu shorter than the profile.
removable_kib() {
	[ "$(boot_loader)" = systemd-boot ] || { echo 0 && return; }
	entries=$(entries_folder)
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
