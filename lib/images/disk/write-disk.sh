#!/bin/sh
# Writes the compressed image from standard input onto a disk, reads it back, and reports the result. Comes after prelude.sh,
# disks.sh, and: name (of the device), digest (of the disk when the guards read it), bytes (of the image, whole sectors),
# sha256 (of the image), head (SHA-256 of its first MiB), packing (zstd, gzip or none), idle_seconds (timeout without a write).
# shellcheck source-path=SCRIPTDIR source=disks.sh
command -v disk >/dev/null || . "${0%/*}/disks.sh"
: "${name:?}" "${digest:?}" "${bytes:?}" "${sha256:?}" "${head:?}" "${packing:?}" "${idle_seconds:?}"
device=$(path_of "$name")
sectors=$(cat "$blocks/$name/size")
unfinished=$(unfinished_file "$name")

# refuse WHY: ends the script; nothing was written.
refuse() {
	say refused yes
	fail "$1"
}

mkdir -p /run/nixos-fleet || refuse '/run/nixos-fleet cannot be created'
is_writing || rm -f "$writer_file"
set -C
{ echo $$ >"$writer_file"; } 2>/dev/null || refuse 'another image is being written on this machine'
set +C
trap 'rm -f "$writer_file"' EXIT
[ "$(look "$name" | sed -n 's/^digest=//p')" = "$digest" ] || refuse 'the disk has changed since it was checked'
# The kernel refuses to reread the partition table while a partition is in use. udev may probe one for a moment: retry.
in_use() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		case $(blockdev --rereadpt "$device" 2>&1) in *[Bb]usy*) sleep 1 ;; *) return 1 ;; esac
	done
}
! in_use || refuse 'the kernel reports that it is in use'

printf '%s\n' "$head" "$(which_disk "$name")" >"$unfinished"
# RAID, ZFS and GPT have metadata at the end of the disk: the new system would detect what is left of an old one.
if [ $((sectors * 512)) -ge $((bytes + 1048576)) ]; then
	dd if=/dev/zero of="$device" bs=512 seek=$((sectors - 2048)) count=2048 conv=notrunc 2>/dev/null ||
		fail 'the end of the disk could not be written'
fi

case $packing in
zstd) unpack='zstd -dcq' ;;
gzip) unpack='gzip -dc' ;;
*) unpack='cat' ;;
esac
# Bypass the page cache if the machine's dd can.
direct=
! dd if="$device" of=/dev/null bs=1048576 count=1 iflag=direct 2>/dev/null || direct=direct
exec 3<&0
{ $unpack <&3 2>/run/nixos-fleet/unpack.log || echo broken >>/run/nixos-fleet/unpack.log; } |
	dd of="$device" bs=4194304 iflag=fullblock ${direct:+"oflag=$direct"} conv=notrunc,fsync 2>/run/nixos-fleet/dd.log &
writer=$!
exec 3<&-

# A connection that died silently must not leave a writer behind that waits forever.
written() {
	# shellcheck disable=SC2046 # columns
	set -- $(cat "$blocks/$name/stat")
	echo "$7"
}
(
	before=
	idle=0
	while kill -0 "$writer" 2>/dev/null; do
		sleep 1
		now=$(written)
		if [ "$now" = "$before" ]; then idle=$((idle + 1)); else idle=0; fi
		before=$now
		[ "$idle" -lt "$idle_seconds" ] || kill "$writer"
	done
) >/dev/null 2>&1 &
code=0
wait "$writer" || code=$?
[ "$code" = 0 ] || fail "dd failed with exit code $code: $(tail -n 1 /run/nixos-fleet/dd.log)"
! grep -q broken /run/nixos-fleet/unpack.log ||
	fail "the image arrived incomplete: $(head -n 1 /run/nixos-fleet/unpack.log)"

# Read from the disk, not from memory.
sync
blockdev --flushbufs "$device" 2>/dev/null
[ -n "$direct" ] || echo 3 >/proc/sys/vm/drop_caches
whole=$((bytes / 1048576))
rest=$(((bytes - whole * 1048576) / 512))
found=$({
	dd if="$device" bs=1048576 count="$whole" ${direct:+"iflag=$direct"}
	[ "$rest" = 0 ] || dd if="$device" bs=512 skip=$((whole * 2048)) count="$rest"
} 2>/dev/null | sha256)
[ "$found" = "$sha256" ] || fail "the disk reads back with SHA-256 $found, the image has $sha256"
say verified "$found"
rm -f "$unfinished"

# The backup GPT belongs at the end of the disk, which is larger than the image.
mark=$(dd if="$device" bs=1 skip=512 count=8 2>/dev/null)
if [ "$mark" = 'EFI PART' ] && [ $((sectors * 512)) -gt "$bytes" ]; then
	if sgdisk -e "$device" >/dev/null 2>&1; then
		say moved sgdisk
	elif sfdisk --relocate gpt-bak-std "$device" >/dev/null 2>&1; then
		say moved sfdisk
	fi
	sync
fi
in_use
udevadm settle --timeout=30 2>/dev/null
say end yes
