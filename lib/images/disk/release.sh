#!/bin/sh
# Unmounts what a layout mounted at /mnt. Comes after prelude.sh.
sync
if grep -q ' /mnt ' /proc/self/mountinfo; then
	umount -R /mnt || fail '/mnt could not be unmounted'
fi
zpool list -Ho name,altroot 2>/dev/null | while read -r pool root; do
	[ "$root" != /mnt ] || zpool export "$pool" || echo "$pool"
done | grep -q . && fail 'a ZFS pool could not be exported'
say end yes
