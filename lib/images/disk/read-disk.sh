#!/bin/sh
# Describes one disk and, briefly, the machine and its other disks. Changes nothing. Comes after prelude.sh, disks.sh, and:
# disk (path of the device), serial (expected, may be empty), wait_seconds (for an interrupted write to end).
# shellcheck source-path=SCRIPTDIR source=disks.sh
command -v disk >/dev/null || . "${0%/*}/disks.sh"
: "${disk:?}" "${serial?}" "${wait_seconds:?}"

while [ "$wait_seconds" -gt 0 ] && is_writing; do
	wait_seconds=$((wait_seconds - 1))
	sleep 1
done
say architecture "$(uname -m)"
say machine-id "$(cat /etc/machine-id 2>/dev/null)"
say boot-id "$(cat /proc/sys/kernel/random/boot_id)"
say memory-kib "$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)"
for tool in zstd gzip sha256sum dd; do
	! command -v "$tool" >/dev/null || say tool "$tool"
done
# Device names differ between systems, and without udev there are no links: fall back to the serial.
name=
if [ -b "$disk" ]; then
	name=$(name_of "$(readlink -f "$disk")")
elif [ -n "$serial" ]; then
	for other in $(all_disks); do
		serials "$other" | grep -qxF "serial=$serial" || continue
		# Of two disks with one serial, as cheap adapters have, none is meant for certain.
		if [ -n "$name" ]; then
			name=
			break
		fi
		name=$other
	done
fi
for other in $(all_disks); do
	[ "$other" = "$name" ] || say other "$(summary "$other")"
done
if [ -z "$name" ] || [ ! -e "$blocks/$name" ]; then
	say kind missing
else
	look "$name"
	unfinished=$(unfinished_head "$name")
	[ -z "$unfinished" ] || say unfinished "$unfinished"
fi
say end yes
