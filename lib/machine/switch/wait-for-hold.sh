#!/bin/sh
# Waits until the supervisor holds the machine's lock for nixos-rebuild, or has refused and written a result, which is printed. Comes
# after prelude.sh and: unit.
: "${unit:?}"
directory=/run/nixos-fleet/units/$unit
result=$directory/result.json

until [ -e "$result" ] || grep -qsx 'holding *' "$directory/phase"; do sleep 0.1; done
[ ! -e "$result" ] || say64 result <"$result"
