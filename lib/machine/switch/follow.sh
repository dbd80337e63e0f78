#!/bin/sh
# Waits until a supervisor has news, and prints them. Comes after prelude.sh and: unit seen_phase seen_size (bytes of the log)
# wait_seconds (limit).
: "${unit:?}" "${seen_phase:?}" "${seen_size:?}" "${wait_seconds:?}"
directory=/run/nixos-fleet/units/$unit
result=/var/lib/nixos-fleet/results/$unit.json

end=$(($(seconds) + wait_seconds))
while :; do
	phase=$(cat "$directory/phase" 2>/dev/null || echo starting)
	size=$(wc -c 2>/dev/null <"$directory/log" || echo 0)
	# The log is truncated between the check and the activation.
	[ "$size" -ge "$seen_size" ] || seen_size=0
	active=no
	for service in "$unit.service" "$unit-deadman.service"; do
		case $(systemctl show --property=ActiveState --value "$service") in
		active | activating | deactivating | reloading) active=yes ;;
		esac
	done
	if [ "$active" != yes ] || [ "$phase" != "$seen_phase" ] || [ "$size" -gt "$seen_size" ]; then break; fi
	[ "$(seconds)" -lt "$end" ] || break
	sleep 0.1
done
say phase "$phase"
say active "$active"
say boot-id "$(cat /proc/sys/kernel/random/boot_id)"
[ ! -e "$result" ] || say64 result <"$result"
# Only up to the measured size: later output belongs to the next poll.
say offset "$size"
[ ! -e "$directory/log" ] || head -c "$size" "$directory/log" | tail -c "+$((seen_size + 1))" | say64 output
say end yes
