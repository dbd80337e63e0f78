#!/bin/sh
# Copies the running system's ssh host keys onto a disk that was just written, so that the machine keeps them. Comes after
# prelude.sh, disks.sh, and: name (of the disk)
# shellcheck source-path=SCRIPTDIR source=disks.sh
command -v disk >/dev/null || . "${0%/*}/disks.sh"
: "${name:?}"

mount_point=/run/nixos-fleet/written-disk
mkdir -p "$mount_point"
trap 'umount "$mount_point" 2>/dev/null; rmdir "$mount_point"' EXIT
trap 'exit 3' HUP INT TERM PIPE
for part in $(partitions "$name"); do
	mount "$(path_of "$part")" "$mount_point" 2>/dev/null || continue
	# The root file system of NixOS.
	if [ -d "$mount_point/nix/store" ]; then
		mkdir -p "$mount_point/etc/ssh"
		for key in /etc/ssh/ssh_host_*; do
			[ -e "$key" ] || continue
			if ! cp -p "$key" "$mount_point/etc/ssh/" || ! chown 0:0 "$mount_point/etc/ssh/${key##*/}"; then
				fail "$key could not be written to $part: $(df -k "$mount_point" | tail -n 1)"
			fi
			say kept "${key##*/}"
		done
		sync
		umount "$mount_point" || fail "$part could not be unmounted"
		say end yes
		exit 0
	fi
	umount "$mount_point"
done
fail "no partition that this system can mount has a Nix store: $(partitions "$name" | tr '\n' ' ')"
