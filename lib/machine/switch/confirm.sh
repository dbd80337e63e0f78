#!/bin/sh
# Confirms or rejects a switch. Comes after prelude.sh and: unit activated (must be the live system for a confirmation) token wanted
# (confirm or reject). Prints the answer given to the supervisor.
: "${unit:?}" "${activated:?}" "${token:?}" "${wanted:?}"
directory=/run/nixos-fleet/units/$unit

if [ "$(target /run/current-system)" = "$(target "$activated")" ]; then answer=$wanted; else answer=reject; fi
printf %s "$token" >"$directory/$answer.part" && mv "$directory/$answer.part" "$directory/$answer" && say answer "$answer"
