#!/bin/sh
# Functions that describe a machine's disks. They need root and busybox; udev, libblkid and ZFS's tools are used if present.
# They change nothing. Comes after prelude.sh.
blocks=/sys/class/block

# Strips control characters; busybox's tr has no classes.
plain() { tr -cd '\012\040-\176' | sed 's/^ *//; s/ *$//; s/  */ /g'; }
# In sysfs, a / in a device's name becomes !.
path_of() { printf '/dev/%s\n' "$(printf %s "$1" | tr '!' /)"; }
name_of() { basename "$(readlink -f "$blocks/$(printf %s "${1#/dev/}" | tr / '!')" || echo "$1")"; }

# Names of the machine's disks: block devices with a size that are neither partitions nor built on others.
all_disks() {
	for block in "$blocks"/*; do
		if [ ! -e "$block/device" ] || [ -e "$block/partition" ]; then continue; fi
		[ "$(cat "$block/size")" = 0 ] || echo "${block##*/}"
	done
}

partitions() {
	for part in "$blocks/$1"/*; do
		[ ! -e "$part/partition" ] || echo "${part##*/}"
	done
}

# The device, its partitions, and everything built on them (RAID, LVM, encryption, …), one per line.
tree() {
	echo "$1"
	for part in $(partitions "$1"); do tree "$part"; done
	for holder in "$blocks/$1/holders"/*; do
		[ ! -e "$holder" ] || tree "${holder##*/}"
	done
}

# serials NAME: all serial numbers and WWNs that the kernel and udev report, the plainest first.
serials() {
	device=$blocks/$1/device
	{
		cat "$blocks/$1/serial" 2>/dev/null
		echo
		cat "$device/serial" 2>/dev/null
		echo
		# SCSI: four bytes, then the number.
		dd if="$device/vpd_pg80" bs=1 skip=4 2>/dev/null
		echo
		udevadm info --query=property "--name=/dev/$1" 2>/dev/null |
			sed -n 's/^ID_SCSI_SERIAL=//p; s/^ID_SERIAL_SHORT=//p; s/^ID_SERIAL=//p; s/^ID_WWN_WITH_EXTENSION=//p; s/^ID_WWN=//p'
		cat "$blocks/$1/wwid" "$device/wwid" 2>/dev/null
	} | plain | {
		seen=
		while read -r line; do
			case " $seen " in *" $line "*) continue ;; esac
			seen="$seen $line"
			[ -z "$line" ] || say serial "$line"
		done
	}
}

# Vendor and model; a virtual disk's vendor is a number, which is dropped.
model() { cat "$blocks/$1/device/vendor" "$blocks/$1/device/model" 2>/dev/null | tr '\n' ' ' | plain | sed 's/^0x[0-9a-f]* *//'; }

# Mounts, one per line: MAJOR:MINOR SOURCE POINT TYPE
mounts() {
	while read -r _ _ number _ point rest; do
		rest=${rest#* - }
		type=${rest%% *}
		rest=${rest#* }
		source=${rest%% *}
		case $source in /dev/*:*) ;; /dev/*) source=$(readlink -f "$source" || echo "$source") ;; esac
		printf '%s %s %s %s\n' "$number" "$source" "$point" "$type"
	done </proc/self/mountinfo
}

# Devices of imported ZFS pools, one per line: POOL PATH
pools() {
	zpool list -vHPL 2>/dev/null | while IFS= read -r line; do
		case $line in
		"	"*)
			# shellcheck disable=SC2086 # columns
			set -- $line
			case $1 in /*) echo "$pool $1" ;; esac
			;;
		*) pool=${line%%"	"*} ;;
		esac
	done
}

# uses NAME: users of the disk and of everything built on it, as `use=…`; `running=yes` if the machine runs from it.
uses() {
	all=$(tree "$1" | sort -u)
	mounted=$(mounts)
	zfs=$(pools)
	for member in $all; do
		path=$(path_of "$member")
		number=$(cat "$blocks/$member/dev")
		printf '%s\n' "$mounted" | while read -r its source point type; do
			case ":$source:" in *":$path:"*) ;; *) [ "$its" = "$number" ] || continue ;; esac
			say use "$path is mounted at $point ($type)"
			case $point in
			/ | /nix | /nix/store | /nix/.ro-store | /usr | /boot | /boot/* | /efi | /iso | /sysroot | /run/initramfs/live) say running yes ;;
			esac
		done
		while read -r source _; do
			[ "$(readlink -f "$source")" != "$path" ] || say use "$path is swap"
		done </proc/swaps
		for link in /sys/fs/btrfs/*/devices/"$member"; do
			[ -e "$link" ] || continue
			say use "$path belongs to a mounted btrfs"
			printf '%s\n' "$mounted" | while read -r _ _ point type; do
				[ "$point $type" != '/ btrfs' ] || say running yes
			done
		done
		printf '%s\n' "$zfs" | while read -r pool vdev; do
			if [ -z "$vdev" ] || [ "$(readlink -f "$vdev")" != "$path" ]; then continue; fi
			say use "$path belongs to the ZFS pool $pool"
			printf '%s\n' "$mounted" | while read -r _ source point type; do
				case "$point $type $source/" in "/ zfs $pool/"*) say running yes ;; esac
			done
		done
		for holder in "$blocks/$member/holders"/*; do
			[ -e "$holder" ] || continue
			what=$(cat "$holder/dm/name" "$holder/md/level" 2>/dev/null | tr '\n' ' ')
			say use "$path is held by ${holder##*/}${what:+ (${what% })}"
		done
	done
	# Processes that have it open without a mount: a virtual machine, an iSCSI target, a database. udev only probes.
	paths=" $(for member in $all; do path_of "$member"; done | tr '\n' ' ')"
	# shellcheck disable=SC2012 # one process for all links
	ls -l /proc/[0-9]*/fd 2>/dev/null | while IFS= read -r line; do
		case $line in
		/proc/*/fd:) process=${line#/proc/} process=${process%/fd:} ;;
		*" -> /dev/"*)
			path=${line##* -> }
			case $paths in *" $path "*) ;; *) continue ;; esac
			program=$(cat "/proc/$process/comm" 2>/dev/null)
			case $program in '' | *udev*) ;; *) say use "$path is open in process $process ($program)" ;; esac
			;;
		esac
	done
}

# bytes_at PATH OFFSET COUNT: bytes of a device; non-ASCII ones become ?
bytes_at() { dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | tr '\001-\037\177-\377' '?' | tr -d '\0'; }

# marks PATH: what a device contains, by the most common signatures; for systems without blkid.
marks() {
	[ "$(bytes_at "$1" 510 2)" != 'U?' ] || echo 'partition table dos or boot sector'
	[ "$(bytes_at "$1" 512 8)" != 'EFI PART' ] || echo 'partition table gpt'
	[ "$(bytes_at "$1" 1080 2)" != 'S?' ] || printf "ext '%s'\n" "$(bytes_at "$1" 1144 16)"
	[ "$(bytes_at "$1" 0 4)" != XFSB ] || echo xfs
	[ "$(bytes_at "$1" 65600 8)" != _BHRfS_M ] || echo btrfs
	[ "$(bytes_at "$1" 0 4)" != LUKS ] || echo crypto_LUKS
	[ "$(bytes_at "$1" 512 8)" != LABELONE ] || echo LVM2_member
	[ "$(bytes_at "$1" 4086 10)" != SWAPSPACE2 ] || echo swap
	[ "$(bytes_at "$1" 32769 5)" != CD001 ] || echo iso9660
	case $(bytes_at "$1" 54 3)$(bytes_at "$1" 82 3)$(bytes_at "$1" 3 4) in *FAT*) echo vfat ;; *NTFS*) echo ntfs ;; esac
}

# signature PATH: what a device contains, in blkid's terms; empty if nothing is recognised.
signature() {
	if command -v blkid >/dev/null; then
		code=0
		line=$(blkid -p "$1" 2>/dev/null) || code=$?
		# busybox's blkid has no -p.
		[ -n "$line" ] || [ "$code" = 8 ] || line=$(blkid "$1" 2>/dev/null)
		[ "$code" != 8 ] || echo 'several signatures'
		printf '%s\n' "$line" | sed -n 's/.* PTTYPE="\([^"]*\)".*/partition table \1/p'
		printf '%s\n' "$line" | sed -n 's/.* TYPE="\([^"]*\)".*/\1/p'
		printf '%s\n' "$line" | sed -n "s/.* LABEL=\"\([^\"]*\)\".*/'\1'/p"
	else
		marks "$1"
	fi | tr '\n' ' ' | plain
}

# unknown_data PATH SECTORS: reports a device that cannot be read, or whose first or last MiB, where signatures are, is not
# all zeros.
unknown_data() {
	last=$(($2 / 2048 - 1))
	[ "$last" -ge 0 ] || last=0
	if [ "$(dd if="$1" bs=1048576 skip="$last" 2>/dev/null | wc -c)" -ne $((($2 - last * 2048) * 512)) ]; then
		say content 'unreadable data'
	elif [ "$({
		dd if="$1" bs=1048576 count=1
		dd if="$1" bs=1048576 skip="$last"
	} 2>/dev/null | tr -d '\0' | head -c 1 | wc -c)" -ne 0 ]; then
		say content 'unrecognised data'
	fi
}

# contents NAME: what the disk and each partition contain, as `content=…`; no line if it is empty.
contents() {
	held=$(signature "$(path_of "$1")")
	[ -z "$held" ] || say content "$held"
	found=$held
	for part in $(partitions "$1"); do
		held=$(signature "$(path_of "$part")")
		say content "$part: ${held:-nothing recognised}, $(($(cat "$blocks/$part/size") / 2048)) MiB"
		found=yes
	done
	[ -n "$found" ] || unknown_data "$(path_of "$1")" "$(cat "$blocks/$1/size")"
}

# summary NAME: one line that identifies a disk.
summary() {
	serial=$(serials "$1" | head -n 1)
	model=$(model "$1")
	serial=${serial#serial=}
	printf '%s\n' "$(path_of "$1"): serial ${serial:-none}, $(($(cat "$blocks/$1/size") * 512)) bytes${model:+, $model}"
}

# disk NAME: everything the guards check on one disk.
disk() {
	block=$blocks/$1
	say device "$(path_of "$1")"
	if [ -e "$block/partition" ]; then
		say kind partition
	elif [ -e "$block/device" ]; then
		say kind disk
	else
		say kind other
	fi
	say bytes "$(($(cat "$block/size") * 512))"
	say sector "$(cat "$block/queue/logical_block_size" 2>/dev/null)"
	say read-only "$(cat "$block/ro")"
	say model "$(model "$1")"
	serials "$1"
	contents "$1"
	uses "$1" | sort -u
}

sha256() { sha256sum | cut -d ' ' -f 1; }
head_sha256() { dd if="$(path_of "$1")" bs=1048576 count=1 2>/dev/null | sha256; }
# look NAME: describes a disk, with the `head` and `digest` that must be unchanged when it is written.
look() {
	description=$(
		disk "$1"
		say head "$(head_sha256 "$1")"
	)
	printf '%s\n' "$description"
	say digest "$(printf '%s\n' "$description" | sha256)"
}

# File of a disk on which the write of an image began in this boot and did not finish: the hash of the image's first MiB, and which
# disk it is, since another one may have the name by now.
unfinished_file() { echo "/run/nixos-fleet/unfinished-disk-image-$1"; }
which_disk() {
	{
		serials "$1"
		cat "$blocks/$1/size"
	} | sha256
}
# unfinished_head NAME: the hash of the first MiB; empty if no write is unfinished on this disk.
unfinished_head() {
	[ "$(sed -n 2p "$(unfinished_file "$1")" 2>/dev/null)" != "$(which_disk "$1")" ] || sed -n 1p "$(unfinished_file "$1")"
}

# The process that writes an image on this machine. It ends soon after its connection.
writer_file=/run/nixos-fleet/disk-image.pid
is_writing() { [ -e "$writer_file" ] && kill -0 "$(cat "$writer_file")" 2>/dev/null; }
