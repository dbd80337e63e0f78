#!/bin/sh
# Sourced by supervisor.sh: what happens after its main process has ended without an outcome, or hangs.
# shellcheck disable=SC2034,SC2154 # variables are supervisor.sh's
# Rolls back, or completes what was confirmed, after the main process ended without an outcome.
recover() {
	old='' old_profile='' old_generation='' old_default='' started=0 switched=null
	! has_ended || exit 0
	: >>"$dir/log"
	# Nothing was changed before the previous system was recorded.
	[ -e "$dir/previous" ] || finish killed null
	# shellcheck source=/dev/null
	. "$dir/previous"
	# ExecStopPost and the watcher both come here: the second waits until the first has rolled back.
	give_up=$(($(seconds) + activation_seconds + 60))
	until take_lock "$unit" "$by" 30; do
		! has_ended || exit 0
		if [ "$(seconds)" -ge "$give_up" ] || ! grep -qx "unit=$unit" "$run/holder" 2>/dev/null; then
			went_back=superseded
			finish killed null
		fi
		sleep 0.2
	done
	# The other of ExecStopPost and the watcher was first.
	! has_ended || { release_lock && exit 0; }
	! grep -qx 'checking *' "$dir/phase" || finish killed null
	[ ! -e "$dir/hold.sh" ] || { went_back=not-tried && finish killed null; }
	# Somebody else has switched since.
	live=$(target /run/current-system)
	if [ "$(cat "$run/latest" 2>/dev/null)" != "$unit" ] || { [ "$live" != "$old" ] && [ "$live" != "$(target "$activated")" ]; }; then
		went_back=superseded
		finish killed null
	fi
	if [ -e "$dir/confirmed" ]; then
		# shellcheck source=/dev/null
		. "$dir/confirmed"
		[ "$action" = test ] || commit
		finish confirmed "$switched"
	fi
	undo killed null
}

# Waits until the main process has ended, at most as long as a whole run may take. The deadline is by the monotonic clock: a timer of
# systemd would start anew at each daemon-reload.
watch() {
	exec 6<"$dir/alive"
	deadline=$(($(seconds) + 2 * activation_seconds + confirm_seconds + 60))
	until flock -w $((deadline - $(seconds))) 6 || [ "$(seconds)" -ge "$deadline" ]; do :; done
	exec 6<&-
	! has_ended || exit 0
	systemctl kill --kill-who=main --signal=KILL "$unit.service" 2>/dev/null
	# Its ExecStopPost rolls back. If that hangs too, this process does.
	if ! flock -w $((activation_seconds + 30)) "$lock" true; then systemctl kill --signal=KILL "$unit.service"; fi
	recover
}
