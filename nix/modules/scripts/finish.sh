#!/bin/sh
# Sourced by supervisor.sh after result.sh: ends a switch and prunes files of earlier ones.
# shellcheck disable=SC2154 # variables are supervisor.sh's
keep=20

# finish OUTCOME EXIT-CODE: writes the result, releases the lock. The file system of the results may be full or read-only.
finish() {
	: >"$dir/ended"
	mkdir -p "$results"
	prune
	cp "$dir/log" "$results/$unit.log"
	json=$(result_json "$1" "$2")
	printf '%s\n' "$json" | write "$dir/result.json"
	printf '%s\n' "$json" | write "$results/$unit.json"
	sync "$results/$unit.json" "$history" 2>/dev/null
	! grep -qx "unit=$unit" "$run/holder" 2>/dev/null || rm -f "$run/holder"
	exec 9>&-
	# The lock is released: the next deployment may start.
	phase finished
	exit 0
}

# Keeps the newest records, results and unit folders, and the records of the live, the booted and the next system.
prune() {
	by_default=$(boot_default)
	# No name has white space.
	# shellcheck disable=SC2012
	ls -1t "$roots" 2>/dev/null | tail -n "+$((keep + 1))" | while read -r name; do
		system_of=$(target "$roots/$name/system")
		case $system_of in
		'' | "$(target /run/current-system)" | "$(target /run/booted-system)" | "$(target "$profile")" | "$by_default") ;;
		*) rm -rf "${roots:?}/$name" ;;
		esac
	done
	# shellcheck disable=SC2012
	ls -1t "$results" 2>/dev/null | tail -n "+$((2 * keep + 1))" | while read -r name; do rm -f "$results/$name"; done
	# shellcheck disable=SC2012
	ls -1t "$run/units" 2>/dev/null | tail -n "+$((keep + 1))" | while read -r name; do rm -rf "${run:?}/units/$name"; done
}
