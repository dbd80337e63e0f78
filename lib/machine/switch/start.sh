#!/bin/sh
# Starts the supervisor of a switch in a transient systemd unit. Comes after prelude.sh, check.sh, record.sh, and: unit system action
# activation_seconds mode (run or hold) parameters (of the supervisor), and the texts of the files that it sources: prelude supervisor
# result finish recover lock_script boot_state hold (empty if mode is run).
: "${unit:?}" "${system:?}" "${action:?}" "${activation_seconds:?}" "${mode:?}" "${parameters:?}"
: "${prelude:?}" "${supervisor:?}" "${result:?}" "${finish:?}" "${recover:?}" "${lock_script:?}" "${boot_state:?}" "${hold?}"
directory=/run/nixos-fleet/units/$unit

put() { printf %s "$2" >"$directory/$1" || exit 4; }
(umask 077 && folder /run/nixos-fleet) && folder /run/nixos-fleet/units && mkdir "$directory" || exit 4
put prelude.sh "$prelude"
put supervisor.sh "$supervisor"
put result.sh "$result"
put finish.sh "$finish"
put recover.sh "$recover"
put lock.sh "$lock_script"
put boot-state.sh "$boot_state"
[ -z "$hold" ] || put hold.sh "$hold"
put log ''
# Overwritten in place from now on.
put phase "starting    
"
# Only root may read the token.
(umask 077 && put parameters "${parameters}action=$action
") || exit 4
# Without the default order after basic.target: where the unit is being stopped, switch-to-configuration's start of that target would
# wait for the rollback that runs it.
systemd-run --quiet --collect --unit="$unit" --description="nixos-fleet: switching to ${system##*/}" \
	--property=TimeoutStopSec=$((activation_seconds + 60)) \
	--property=DefaultDependencies=no --property=Conflicts=shutdown.target --property=Before=shutdown.target \
	--property=RequiresMountsFor="/nix/store /var/lib" \
	--property="ExecStopPost=/bin/sh $directory/supervisor.sh stopped $directory" \
	/bin/sh "$directory/supervisor.sh" "$mode" "$directory" || exit 5
say state started
