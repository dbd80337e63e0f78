#!/bin/sh
# shellcheck disable=SC2154 # the derivation's variables
# Builds a raw disk image: GPT, an EFI system partition, and an ext4 root whose system is the first generation. The variables
# come from modules/image.nix. No privileges are needed, and the same input gives the same bytes: identifiers and times are fixed.
mkdir -p "$out" root
disk=$out/$fileName
export SOURCE_DATE_EPOCH=315532800 # 1980: FAT knows no earlier
export E2FSPROGS_FAKE_TIME=1
# mtools writes FAT's names in an old code page.
export GCONV_PATH="$characterSets"

# Sectors of 512 bytes, partitions at whole MiB.
esp_start=2048
esp_size=$((bootSize * 2048))
root_start=$((esp_start + esp_size))
root_size=$((diskSize * 2048 - root_start - 2048))
truncate -s "${diskSize}M" "$disk"
"$fdisk/sbin/sfdisk" --quiet --no-reread --no-tell-kernel "$disk" <<TABLE
label: gpt
label-id: 9B0F3E0C-6A4B-4E0E-9B63-2B1C4B6C0A01
start=$esp_start, size=$esp_size, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=9B0F3E0C-6A4B-4E0E-9B63-2B1C4B6C0A02, name=ESP
start=$root_start, size=$root_size, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=9B0F3E0C-6A4B-4E0E-9B63-2B1C4B6C0A03, name=nixos
TABLE

# The profile, and boot entries as the system itself writes them.
profiles=root/nix/var/nix/profiles
mkdir -p "$profiles"
ln -s "$toplevel" "$profiles/system-1-link"
ln -s system-1-link "$profiles/system"
"$toplevel/bin/boot-entries" "$PWD/root"

esp=$disk@@$((esp_start * 512))
"$dosfstools/sbin/mkfs.fat" -F 32 -s 1 -n ESP --invariant --offset "$esp_start" "$disk" $((esp_size / 2)) >said 2>&1 || {
	cat said >&2
	exit 1
}
(cd root/boot && find . -mindepth 1 | sed 's|^\./||' | LC_ALL=C sort) | while read -r path; do
	if [ -d "root/boot/$path" ]; then
		"$mtools/bin/mtools" -c mmd -i "$esp" "::/$path"
	else
		"$mtools/bin/mtools" -c mcopy -i "$esp" "root/boot/$path" "::/$path"
	fi
done

part="$disk?offset=$((root_start * 512))"
"$e2fsprogs/sbin/mkfs.ext4" -q -F -L nixos -U 9b0f3e0c-6a4b-4e0e-9b63-2b1c4b6c0a04 \
	-E "hash_seed=9b0f3e0c-6a4b-4e0e-9b63-2b1c4b6c0a05,root_owner=0:0,lazy_itable_init=1,offset=$((root_start * 512))" \
	"$disk" $((root_size / 2))k
# The closure without the graph's other lines.
grep '^/nix/store/' closure | LC_ALL=C sort -u >paths
sh "$makeRoot" "$baseRoot" "$registration" "$toplevel" >commands
"$e2fsprogs/sbin/debugfs" -w -f commands "$part" >said 2>complaints
# It ends well whatever it met, and says its version to begin with.
if sed 1d complaints | grep . >&2; then exit 1; fi
"$e2fsprogs/sbin/e2fsck" -f -n "$part" >said 2>&1 || {
	cat said >&2
	exit 1
}
