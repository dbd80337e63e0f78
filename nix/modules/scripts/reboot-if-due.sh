#!/bin/sh
# Reboots if the kernel, initrd, modules or kernel parameters of the next boot differ from the booted ones, the window
# FLEET_FROM-FLEET_TO is open, and no deployment is in progress.
set -u
booted=$(readlink -f /run/booted-system)
next=$(readlink -f /nix/var/nix/profiles/system)
due=
for part in kernel initrd kernel-modules; do
	[ "$(readlink -f "$booted/$part")" = "$(readlink -f "$next/$part")" ] || due="$due $part"
done
[ "$(cat "$booted/kernel-params")" = "$(cat "$next/kernel-params")" ] || due="$due kernel-params"
if [ -z "$due" ]; then
	echo "nixos-fleet: no reboot is due"
	exit 0
fi

minutes() {
	hours=${1%:*} rest=${1#*:}
	echo $((${hours#0} * 60 + ${rest#0}))
}
now=$(minutes "$(date +%H:%M)") from=$(minutes "$FLEET_FROM") to=$(minutes "$FLEET_TO")
if [ "$from" -lt "$to" ]; then
	[ "$now" -ge "$from" ] && [ "$now" -lt "$to" ]
else
	[ "$now" -ge "$from" ] || [ "$now" -lt "$to" ]
fi || {
	echo "nixos-fleet: a reboot is due (new:$due), but the window is $FLEET_FROM-$FLEET_TO"
	exit 0
}

mkdir -p /run/nixos-fleet
exec 9>>/run/nixos-fleet/lock
flock -n 9 || {
	echo "nixos-fleet: a reboot is due (new:$due), but a deployment is in progress"
	cat /run/nixos-fleet/holder 2>/dev/null
	exit 0
}
# Respects inhibitors (systemd-inhibit) of users and services.
echo "nixos-fleet: $FLEET_METHOD into $next (new:$due)"
systemctl "$FLEET_METHOD" --check-inhibitors=yes || exit 1
# systemctl does not wait: hold the lock until the shutdown ends this process.
exec sleep 600
