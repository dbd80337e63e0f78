#!/bin/sh
# Writes the packed image on its standard input onto a disk, reads it back, and reports how that went. Comes after prelude.sh,
# disks.sh, and: name (of the device), digest (of the disk as it was looked at), bytes (of the image, whole
# sectors), sha256, head (that of its first MiB), packing (zstd, gzip or none), patience (seconds without anything written).
# shellcheck source-path=SCRIPTDIR source=disks.sh
command -v disk >/dev/null || . "${0%/*}/disks.sh"
: "${name:?}" "${digest:?}" "${bytes:?}" "${sha256:?}" "${head:?}" "${packing:?}" "${patience:?}"
device=$(path_of "$name")
sectors=$(cat "$blocks/$name/size")
unfinished=$(unfinished_file "$name")

# refuse WHY: ends the script before anything was written.
refuse() {
	say refused yes
	fail "$1"
}

mkdir -p /run/nixos-fleet || refuse '/run/nixos-fleet cannot be made'
is_writing || rm -f "$writer_file"
set -C
{ echo $$ >"$writer_file"; } 2>/dev/null || refuse 'an image is being written on this machine already'
set +C
trap 'rm -f "$writer_file"' EXIT
[ "$(look "$name" | sed -n 's/^digest=//p')" = "$digest" ] || refuse 'the disk is not as it was when it was looked at'
# The kernel reads no partition table anew while somebody uses a partition; udev may just be looking at one.
in_use() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		case $(blockdev --rereadpt "$device" 2>&1) in *[Bb]usy*) sleep 1 ;; *) return 1 ;; esac
	done
}
! in_use || refuse 'the kernel says that it is in use'

printf '%s\n' "$head" >"$unfinished"
# What is left of an earlier RAID, ZFS or partition table at the disk's end would be found by the new system.
if [ $((sectors * 512)) -ge $((bytes + 1048576)) ]; then
	dd if=/dev/zero of="$device" bs=512 seek=$((sectors - 2048)) count=2048 conv=notrunc 2>/dev/null ||
		fail 'the end of the disk cannot be written'
fi

case $packing in
zstd) unpack='zstd -dcq' ;;
gzip) unpack='gzip -dc' ;;
*) unpack='cat' ;;
esac
# Past the page cache, where the machine's dd can do that.
direct=
! dd if="$device" of=/dev/null bs=1048576 count=1 iflag=direct 2>/dev/null || direct=direct
exec 3<&0
{ $unpack <&3 2>/run/nixos-fleet/unpack-said || echo broken >>/run/nixos-fleet/unpack-said; } |
	dd of="$device" bs=4194304 iflag=fullblock ${direct:+"oflag=$direct"} conv=notrunc,fsync 2>/run/nixos-fleet/dd-said &
writer=$!
exec 3<&-

# A connection that died without a word must not leave a writer behind that waits for ever.
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
		[ "$idle" -lt "$patience" ] || kill "$writer"
	done
) >/dev/null 2>&1 &
code=0
wait "$writer" || code=$?
[ "$code" = 0 ] || fail "writing ended with exit code $code: $(tail -n 1 /run/nixos-fleet/dd-said)"
! grep -q broken /run/nixos-fleet/unpack-said ||
	fail "the image did not arrive whole: $(head -n 1 /run/nixos-fleet/unpack-said)"

# From the disk, and not from memory.
sync
blockdev --flushbufs "$device" 2>/dev/null
[ -n "$direct" ] || echo 3 >/proc/sys/vm/drop_caches
whole=$((bytes / 1048576))
rest=$(((bytes - whole * 1048576) / 512))
found=$({
	dd if="$device" bs=1048576 count="$whole" ${direct:+"iflag=$direct"}
	[ "$rest" = 0 ] || dd if="$device" bs=512 skip=$((whole * 2048)) count="$rest"
} 2>/dev/null | sha256)
[ "$found" = "$sha256" ] || fail "what was read back has the SHA-256 $found, and the image $sha256"
say verified "$found"
rm -f "$unfinished"

# A GPT has its second half at the end of the disk, which is further away than in the image.
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
