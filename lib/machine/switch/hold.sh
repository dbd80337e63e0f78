#!/bin/sh
# Sourced by supervisor.sh if nixos-rebuild makes the switch from the operator's computer: checks the system, holds the lock until
# DIR/done contains the outcome and the exit code, and writes the result. Does not roll back. Gives up after the longest time that a
# switch may take.
# shellcheck disable=SC2034,SC2154 # variables are supervisor.sh's
hold() {
	begin_run
	phase checking
	[ "$action" = boot ] || check
	failed_before=$(failed_units)
	phase holding
	went_back=not-tried
	deadline=$(($(seconds) + activation_seconds + confirm_seconds))
	until [ -e "$dir/done" ]; do
		[ "$(seconds)" -lt "$deadline" ] || finish timed-out null
		sleep 0.2
	done
	read -r outcome code <"$dir/done"
	[ "$action" = boot ] || failed=$(failed_units | grep -Fvx "${failed_before:-.}")
	if [ "$outcome" = confirmed ]; then
		if [ "$action" != boot ] && [ "$(target /run/current-system)" != "$(target "$activated")" ]; then
			finish activation-failed "$code"
		fi
		if [ "$action" != test ] && [ "$(target "$profile")" != "$system" ]; then finish profile-failed "$code"; fi
		went_back=not-needed
	fi
	finish "$outcome" "$code"
}
