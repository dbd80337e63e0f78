#!/bin/sh
# Sourced by supervisor.sh after result.sh: ends a switch and prunes files of earlier ones.
# shellcheck disable=SC2154 # variables are supervisor.sh's
keep=20

# finish OUTCOME EXIT-CODE: writes the result, releases the lock. The file system of the results may be full or read-only.
finish() {
	: >"$dir/ended"
	folder "$results"
	prune
	cp "$dir/log" "$results/$unit.log"
	record_result "$1" "$2"
	write_text "$dir/result.json" "$result"
	write_text "$results/$unit.json" "$result"
	sync "$results/$unit.json" "$history" 2>/dev/null
	! grep -qx "unit=$unit" "$run/holder" 2>/dev/null || rm -f "$run/holder"
	exec 9>&-
	# The lock is released: the next deployment may start.
	phase finished
	exit 0
}

# Keeps the newest records, results and unit folders, and the records of the live, the booted and the next system.
prune() {
	older_than "$keep" "$roots"/*
	for name in $older; do
		: "${by_default=$(boot_default)}"
		system_of=$(target "$roots/$name/system")
		case $system_of in
		'' | "$(target /run/current-system)" | "$(target /run/booted-system)" | "$(target "$profile")" | "$by_default") ;;
		*) rm -rf "${roots:?}/$name" ;;
		esac
	done
	older_than $((2 * keep)) "$results"/*
	for name in $older; do rm -f "$results/$name"; done
	older_than "$keep" "$run/units"/*
	for name in $older; do rm -rf "${run:?}/units/$name"; done
}
# older_than COUNT FILE…: sets older to the names of the files without the newest. No name has white space.
older_than() {
	newest=$1 older=''
	shift
	# shellcheck disable=SC2012
	[ $# -le "$newest" ] || older=$(ls -1td "$@" | tail -n "+$((newest + 1))" | sed 's|.*/||')
}
