#!/bin/sh
# Sourced by supervisor.sh, after result.sh: how a switch ends, and how much of earlier ones is kept.
# shellcheck disable=SC2154 # variables are supervisor.sh's
keep=20

# finish OUTCOME EXIT-CODE: leaves a switch's result and ends its dead-man's timer.
finish() {
	mkdir -p "$results"
	prune
	cp "$dir/log" "$results/$unit.log"
	result_json "$1" "$2" | write "$results/$unit.json"
	sync "$results/$unit.json" "$history" 2>/dev/null
	! grep -qx "unit=$unit" "$run/holder" 2>/dev/null || rm -f "$run/holder"
	exec 9>&-
	# Only now is the machine free for the next deployment.
	phase finished
	systemctl stop "$unit-deadman.timer" 2>/dev/null
	exit 0
}

# Keeps the newest records, results and unit folders, and whatever names a system that runs, was booted or will be.
prune() {
	# Names are store paths' and ours, without white space.
	# shellcheck disable=SC2012
	ls -1t "$roots" 2>/dev/null | tail -n "+$((keep + 1))" | while read -r name; do
		system_of=$(target "$roots/$name/system")
		case $system_of in
		'' | "$(target /run/current-system)" | "$(target /run/booted-system)" | "$(target "$profile")") ;;
		*) rm -rf "${roots:?}/$name" ;;
		esac
	done
	# shellcheck disable=SC2012
	ls -1t "$results" 2>/dev/null | tail -n "+$((2 * keep + 1))" | while read -r name; do rm -f "$results/$name"; done
	# shellcheck disable=SC2012
	ls -1t "$run/units" 2>/dev/null | tail -n "+$((keep + 1))" | while read -r name; do rm -rf "${run:?}/units/$name"; done
}
