#!/bin/sh
# Reports the outcome of nixos-rebuild to the supervisor, and prints the supervisor's result. Comes after prelude.sh and: unit outcome
# exit_code (or null) log.
: "${unit:?}" "${outcome:?}" "${exit_code:?}" "${log?}"
directory=/run/nixos-fleet/units/$unit
result=$directory/result.json

printf '%s\n' "$log" >>"$directory/log"
echo "$outcome $exit_code" >"$directory/done.part" && mv "$directory/done.part" "$directory/done"
until [ -e "$result" ]; do sleep 0.1; done
say64 result <"$result"
