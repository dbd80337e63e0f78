#!/bin/sh
# visit.sh SYSTEM…
# Switches a machine to systems one after the other, and prints for each what the switch would do, what it says, all units before and
# after it, and those that were started.
set -u

units() {
	until [ -z "$(systemctl list-jobs --no-legend)" ]; do sleep 0.1; done
	systemctl show '*' --property=Id,FragmentPath,ActiveState,InvocationID
}

for system; do
	[ -x "$system/bin/switch-to-configuration" ] || exit
	echo "== before"
	units
	cursor=$(journalctl --quiet --lines=0 --show-cursor | sed 's/^-- cursor: //')
	echo "== dry"
	"$system/bin/switch-to-configuration" dry-activate 2>&1 </dev/null
	echo "== said"
	"$system/bin/switch-to-configuration" test 2>&1 </dev/null
	echo "== after"
	units
	# systemd forgets a oneshot service that ended.
	echo "== started"
	journalctl --quiet --after-cursor="$cursor" --output=export --output-fields=UNIT JOB_TYPE=start | sed -n 's/^UNIT=//p'
done
