#!/bin/sh
# Waits up to 10 s for the result of a trial, and prints it. Comes after prelude.sh and: unit.
: "${unit:?}"
path=/var/lib/nixos-fleet/results/$unit

tries=0
until [ -e "$path.json" ] || [ "$tries" -ge 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
[ ! -e "$path.json" ] || say64 result <"$path.json"
tail -n 40 "$path.log" 2>/dev/null | say64 log
