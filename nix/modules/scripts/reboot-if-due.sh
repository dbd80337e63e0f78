# Reboots if the kernel, initrd, modules or kernel parameters that the next boot starts differ from the booted ones, the window
# FLEET_FROM-FLEET_TO is open, and no deployment is in progress. Comes after prelude.sh, lock.sh and boot-state.sh.
# shellcheck shell=sh disable=SC2154 # variables of boot-state.sh
: "${FLEET_FROM:?}" "${FLEET_TO:?}" "${FLEET_METHOD:?}"
tried=$fleet_state/reboot-tried

stay() {
	echo "nixos-fleet: $1"
	exit 0
}
minutes() {
	hours=${1%:*} rest=${1#*:}
	echo $((${hours#0} * 60 + ${rest#0}))
}

take_lock nixos-fleet-reboot "reboot window" || {
	cat "$run/holder" 2>/dev/null
	stay 'a deployment is in progress'
}
[ -z "$(boot_once)" ] || stay 'the next boot is chosen already, as for a trial: it is left to whoever chose it'
booted=$(readlink -f /run/booted-system)
next=$(boot_default)
# A boot loader that cannot be read starts the profile's system.
[ -n "$next" ] || next=$(readlink -f "$profile")
due=
for part in kernel initrd kernel-modules; do
	[ "$(readlink -f "$booted/$part")" = "$(readlink -f "$next/$part")" ] || due="$due $part"
done
[ "$(cat "$booted/kernel-params")" = "$(cat "$next/kernel-params")" ] || due="$due kernel-params"
if [ -z "$due" ]; then
	rm -f "$tried"
	release_lock
	stay "no reboot is due: the next boot starts $next"
fi
if [ "$(cat "$tried" 2>/dev/null)" = "$next" ]; then
	release_lock
	stay "a reboot is due (new:$due), but the one before did not start $next"
fi
now=$(minutes "$(date +%H:%M)") from=$(minutes "$FLEET_FROM") to=$(minutes "$FLEET_TO")
if [ "$from" -lt "$to" ]; then
	[ "$now" -ge "$from" ] && [ "$now" -lt "$to" ]
else
	[ "$now" -ge "$from" ] || [ "$now" -lt "$to" ]
fi || {
	release_lock
	stay "a reboot is due (new:$due), but the window is $FLEET_FROM-$FLEET_TO"
}

if [ "$FLEET_METHOD" = kexec ]; then
	load_kexec "$next" || {
		clear_kexec
		release_lock
		echo "nixos-fleet: the kernel of $next could not be loaded" >&2
		exit 1
	}
fi
mkdir -p "$fleet_state"
echo "$next" | write "$tried"
sync
# Respects inhibitors (systemd-inhibit) of users and services.
echo "nixos-fleet: $FLEET_METHOD into $next (new:$due)"
systemctl "$FLEET_METHOD" --check-inhibitors=yes || {
	rm -f "$tried"
	clear_kexec
	release_lock
	exit 1
}
# systemctl does not wait: hold the lock until the shutdown ends this process.
exec sleep 600
