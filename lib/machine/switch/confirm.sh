#!/bin/sh
# Confirms a switch, or rejects it. Comes after prelude.sh and: unit activated (what the machine must run to be confirmed) token
# wanted (confirm or reject). Prints the answer that the supervisor got.
: "${unit:?}" "${activated:?}" "${token:?}" "${wanted:?}"
directory=/run/nixos-fleet/units/$unit

if [ "$(target /run/current-system)" = "$(target "$activated")" ]; then answer=$wanted; else answer=reject; fi
printf %s "$token" >"$directory/$answer.part" && mv "$directory/$answer.part" "$directory/$answer" && say answer "$answer"
