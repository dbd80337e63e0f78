#!/bin/sh
# Puts the ssh host keys of the running system onto a disk that an image was just written to, so that the machine keeps them. Comes
# after prelude.sh, disks.sh, and: name (of the disk)
# shellcheck source-path=SCRIPTDIR source=disks.sh
command -v disk >/dev/null || . "${0%/*}/disks.sh"
: "${name:?}"

place=/run/nixos-fleet/written-disk
mkdir -p "$place"
trap 'umount "$place" 2>/dev/null; rmdir "$place"' EXIT
for part in $(partitions "$name"); do
	mount "$(path_of "$part")" "$place" 2>/dev/null || continue
	# The root of a NixOS system.
	if [ -d "$place/nix/store" ]; then
		mkdir -p "$place/etc/ssh"
		for key in /etc/ssh/ssh_host_*; do
			[ -e "$key" ] || continue
			if ! cp -p "$key" "$place/etc/ssh/" || ! chown 0:0 "$place/etc/ssh/${key##*/}"; then
				fail "$key could not be written to $part: $(df -k "$place" | tail -n 1)"
			fi
			say kept "${key##*/}"
		done
		sync
		umount "$place" || fail "$part could not be unmounted"
		say end yes
		exit 0
	fi
	umount "$place"
done
fail "no partition of the disk is one that this system can mount and that has a Nix store: $(partitions "$name" | tr '\n' ' ')"
