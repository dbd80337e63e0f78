#!/bin/sh
# nixos-fleet-rollback [--kexec] [GENERATION]: makes an earlier generation the system of the next boot, and boots it.
# Without a number: the newest one before the profile's.
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
	echo "nixos-fleet-rollback: a deployment is under way:" >&2
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
# systemctl kexec loads the profile's system by itself (NixOS's prepare-kexec.service).
systemctl "$method"
# The lock is kept while the machine goes down.
exec sleep 600
