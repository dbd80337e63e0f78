#!/bin/sh
# Confirms or rejects a switch. Comes after prelude.sh and: unit activated (must be the live system for a confirmation) token reason (of
# a rejection; empty to confirm). Prints the answer given to the supervisor.
: "${unit:?}" "${activated:?}" "${token:?}" "${reason?}"
directory=/run/nixos-fleet/units/$unit

live=$(target /run/current-system)
if [ -z "$reason" ] && [ "$live" != "$(target "$activated")" ]; then reason="the live system is ${live:-none}, not the activated one"; fi
if [ -z "$reason" ]; then answer=confirm text=$token; else answer=reject text=$reason; fi
printf %s "$text" >"$directory/$answer.part" && mv "$directory/$answer.part" "$directory/$answer" || exit 4
say answer "$answer"
