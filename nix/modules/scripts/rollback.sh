#!/bin/sh
# nixos-fleet-rollback [--kexec] [GENERATION]: sets an earlier generation for the next boot, and reboots into it.
# Default: the newest generation before the profile's.
set -eu
profile=/nix/var/nix/profiles/system
method=reboot
if [ "${1:-}" = --kexec ]; then
	method=kexec
	shift
fi
case ${1:-} in
*[!0-9]*)
	echo "usage: nixos-fleet-rollback [--kexec] [GENERATION]" >&2
	exit 2
	;;
esac
[ "$(id -u)" = 0 ] || {
	echo "nixos-fleet-rollback: needs root" >&2
	exit 1
}
mkdir -p /run/nixos-fleet
exec 9>>/run/nixos-fleet/lock
flock -n 9 || {
	echo "nixos-fleet-rollback: a deployment is in progress:" >&2
	cat /run/nixos-fleet/holder >&2
	exit 1
}
if [ -n "${1:-}" ]; then
	nix-env -p "$profile" --switch-generation "$1"
else
	nix-env -p "$profile" --rollback
fi
system=$(readlink -f "$profile")
"$system/bin/switch-to-configuration" boot 9>&-
echo "nixos-fleet-rollback: $method into $system"
# systemctl kexec loads the profile's system (NixOS's prepare-kexec.service).
systemctl "$method"
# Hold the lock until the shutdown ends this process.
exec sleep 600
