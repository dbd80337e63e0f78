#!/bin/sh
# Sourced by supervisor.sh and trial.sh after prelude.sh: the result of a deployment as one line of JSON.
# shellcheck disable=SC2034,SC2154 # variables of the sourcing script
results=/var/lib/nixos-fleet/results
history=/var/lib/nixos-fleet/history.jsonl
keep_history=1000

# json TEXT: as a string of JSON. Most texts need no other process.
json() {
	case $1 in
	*[!A-Za-z0-9' '._:/@+=,-]*) printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')" ;;
	*) printf '"%s"' "$1" ;;
	esac
}
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

# result_json OUTCOME EXIT-CODE: prints the result and appends it to the history.
failed='' went_back=not-needed rollback_code=null reason=''
result_json() {
	line=$(
		printf '{"unit":%s,"host":%s,"system":%s,"by":%s,' \
			"$(json "$unit")" "$(json "$host")" "$(json "$system")" "$(json "$by")"
		printf '"revision":%s,"action":"%s","activated":%s,' "$(json "$revision")" "$action" "$(json "$activated")"
		printf '"previous":%s,"previousGeneration":%s,' "$(json "$old")" "${old_generation:-0}"
		printf '"outcome":"%s","reason":%s,"exitCode":%s,' "$1" "$(json "$reason")" "$2"
		printf '"failedUnits":%s,' "$(printf '%s\n' "$failed" | json_list)"
		printf '"wentBack":"%s","rollbackExitCode":%s,"notBack":%s,' "$went_back" "$rollback_code" "$(json "${not_back:-}")"
		printf '"bootId":"%s","startedAt":%s,"endedAt":%s}\n' \
			"$(cat /proc/sys/kernel/random/boot_id)" "${started:-0}" "$(date +%s)"
	)
	# printf, since echo may interpret backslashes in unit names such as a\x2db.service.
	printf '%s\n' "$line" >>"$history"
	[ "$(wc -l <"$history")" -le "$keep_history" ] || tail -n "$keep_history" "$history" | write "$history"
	printf '%s\n' "$line"
}
