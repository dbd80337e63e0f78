#!/bin/sh
# Sourced by supervisor.sh and trial.sh after prelude.sh: the result of a deployment as one line of JSON.
# shellcheck disable=SC2034,SC2154 # variables of the sourcing script
results=/var/lib/nixos-fleet/results
history=/var/lib/nixos-fleet/history.jsonl
keep_history=1000

# json TEXT: prints it as a string of JSON. Most texts need no other process.
json() {
	case $1 in
	*[!A-Za-z0-9' '._:/@+=,-]*) printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')" ;;
	*) printf '"%s"' "$1" ;;
	esac
}
# member NAME TEXT: prints a member of an object, and a comma.
member() {
	printf '"%s":' "$1"
	json "$2"
	printf ,
}
# json_list WORDS: prints a list of them.
json_list() {
	separator=
	printf '['
	for item in $1; do
		printf %s "$separator"
		json "$item"
		separator=,
	done
	printf ']'
}

# record_result OUTCOME EXIT-CODE: sets result to the result, and appends it to the history.
failed='' went_back=not-needed rollback_code=null reason=''
record_result() {
	result=$(
		printf '{'
		member unit "$unit"
		member host "$host"
		member system "$system"
		member by "$by"
		member revision "$revision"
		member action "$action"
		member activated "$activated"
		member previous "$old"
		printf '"previousGeneration":%s,' "${old_generation:-0}"
		member outcome "$1"
		member reason "$reason"
		printf '"exitCode":%s,"failedUnits":' "$2"
		json_list "$failed"
		printf ,
		member wentBack "$went_back"
		printf '"rollbackExitCode":%s,' "$rollback_code"
		member notBack "${not_back:-}"
		read -r this_boot </proc/sys/kernel/random/boot_id
		printf '"bootId":"%s","startedAt":%s,"endedAt":%s}\n' "$this_boot" "${started:-0}" "$(date +%s)"
	)
	# printf, since echo may interpret backslashes in unit names such as a\x2db.service.
	printf '%s\n' "$result" >>"$history"
	[ "$(wc -l <"$history")" -le "$keep_history" ] || tail -n "$keep_history" "$history" | write "$history"
}
