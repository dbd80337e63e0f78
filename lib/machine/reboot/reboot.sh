#!/bin/sh
# Reboots the machine if machine-id and boot ID still match; does nothing if it was rebooted already. Comes after prelude.sh and:
# machine_id boot_id how (reboot, or kexec of the loaded kernel).
: "${machine_id:?}" "${boot_id:?}" "${how:?}"

found=$(cat /etc/machine-id)
if [ "$found" != "$machine_id" ]; then
	say found "$found"
	exit 3
fi
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$boot_id" ] || exit 0
exec systemctl --no-block "$how"
