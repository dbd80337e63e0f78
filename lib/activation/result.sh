#!/bin/sh
# Sourced by supervisor.sh: what a deployment leaves on the machine, and how many of these are kept.
# shellcheck disable=SC2154 # variables are supervisor.sh's
results=/var/lib/nixos-fleet/results
history=/var/lib/nixos-fleet/history.jsonl
keep=20
keep_history=1000

json() { printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')"; }
json_list() {
	separator=
	printf '['
	while read -r item; do
		[ -n "$item" ] || continue
		printf '%s%s' "$separator" "$(json "$item")"
		separator=,
	done
	printf ']'
}

# finish OUTCOME EXIT-CODE: leaves the result and ends the dead-man's timer.
failed='' went_back=not-needed rollback_code=null
finish() {
	mkdir -p "$results"
	prune
	cp "$dir/log" "$results/$unit.log"
	{
		printf '{"unit":%s,"host":%s,"system":%s,"by":%s,' \
			"$(json "$unit")" "$(json "$host")" "$(json "$system")" "$(json "$by")"
		printf '"revision":%s,"action":"%s","activated":%s,' "$(json "$revision")" "$action" "$(json "$activated")"
		printf '"previous":%s,"previousGeneration":%s,' "$(json "$old")" "${old_generation:-0}"
		printf '"outcome":"%s","exitCode":%s,"failedUnits":%s,' "$1" "$2" "$(printf '%s\n' "$failed" | json_list)"
		printf '"wentBack":"%s","rollbackExitCode":%s,' "$went_back" "$rollback_code"
		printf '"bootId":"%s","startedAt":%s,"endedAt":%s}\n' \
			"$(cat /proc/sys/kernel/random/boot_id)" "${started:-0}" "$(date +%s)"
	} | write "$results/$unit.json"
	cat "$results/$unit.json" >>"$history"
	[ "$(wc -l <"$history")" -le "$keep_history" ] || tail -n "$keep_history" "$history" | write "$history"
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
