#!/bin/sh
# Waits until the supervisor holds the machine's lock for nixos-rebuild, or has refused and written a result, which is printed. Comes
# after prelude.sh and: unit.
: "${unit:?}"
result=/var/lib/nixos-fleet/results/$unit.json

until [ -e "$result" ] || [ "$(cat "/run/nixos-fleet/units/$unit/phase" 2>/dev/null)" = holding ]; do sleep 0.1; done
[ ! -e "$result" ] || say64 result <"$result"
