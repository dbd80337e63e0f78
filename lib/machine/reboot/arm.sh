#!/bin/sh
# Writes the files of a trial and arms it, unless another one, or a deployment, is under way. Comes after prelude.sh, lock.sh,
# boot-state.sh and: unit by parameters (of trial.sh), and the texts of the files that trial.sh sources.
: "${unit:?}" "${by:?}" "${parameters:?}" "${prelude:?}" "${trial:?}" "${result:?}" "${lock_script:?}" "${boot_state:?}"
trial_folder=/var/lib/nixos-fleet/trial
umask 022

put() { printf %s "$2" >"$trial_folder/$1" || exit 4; }
if ! take_lock "$unit" "$by" 5; then
	cat /run/nixos-fleet/holder
	say state busy
	exit 3
fi
# A trial that was armed earlier ends here.
disarm_trial
mkdir -p "$trial_folder" || exit 4
put prelude.sh "$prelude"
put lock.sh "$lock_script"
put boot-state.sh "$boot_state"
put trial.sh "$trial"
put result.sh "$result"
# Only root may read the token.
(umask 077 && put parameters "$parameters") || exit 4
exec /bin/sh "$trial_folder/trial.sh" arm </dev/null
