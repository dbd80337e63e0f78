#!/bin/sh
# Disarms a trial that is not going to start, unless the machine is already rebooting. Comes after prelude.sh, lock.sh, boot-state.sh
# and: unit (of the trial) boot_id (the boot that it was armed in) by.
: "${unit:?}" "${boot_id:?}" "${by:?}"

if [ "$(cat /proc/sys/kernel/random/boot_id)" = "$boot_id" ] && [ "$(systemctl is-system-running)" != stopping ]; then
	take_lock "$unit" "$by" 10 || fail 'another deployment is in progress'
	if grep -qF "$unit" /var/lib/nixos-fleet/trial/parameters 2>/dev/null; then
		disarm_trial || fail "the boot loader's choice for the next boot could not be cleared"
	fi
	release_lock
fi
say end yes
