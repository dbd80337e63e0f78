#!/bin/sh
# Waits until a supervisor has news, and prints them. Comes after prelude.sh and: unit seen_phase seen_size (bytes of the log)
# wait_seconds (limit) reading (empty, or a script that reads the machine: then only the end of the switch is news).
: "${unit:?}" "${seen_phase:?}" "${seen_size:?}" "${wait_seconds:?}" "${reading?}"
directory=/run/nixos-fleet/units/$unit

# Whether the unit still runs: running, ended, or unknown. A systemd that is being re-executed, as by every switch that changes it or its
# system.conf, refuses the question or leaves it unanswered.
state_of_unit() {
	state=ended
	for service in "$unit.service" "$unit-deadman.service"; do
		case $(timeout 5 systemctl show --property=ActiveState --value "$service" 2>/dev/null) in
		inactive | failed) ;;
		active | activating | deactivating | reloading | refreshing | maintenance) echo running && return ;;
		*) state=unknown ;;
		esac
	done
	echo "$state"
}
# An answer is wanted, or the switch is over: that is said at once. Other news are collected for a second, since each look at the log and
# each question to systemd takes the machine longer than the wait for a phase.
begun=$(seconds)
end=$((begun + wait_seconds)) looked=
# Each pause is a process: where many machines share a processor, pauses of 50 ms alone would be a load.
pause=5
while :; do
	phase=
	read -r phase 2>/dev/null <"$directory/phase"
	urgent=
	[ "$phase" = "$seen_phase" ] || case $phase in waiting | finished) urgent=yes ;; esac
	read -r now _ </proc/uptime
	now=${now%.*}
	if [ "$urgent" ] || [ "$now" != "$looked" ]; then
		looked=$now
		size=$(wc -c 2>/dev/null <"$directory/log" || echo 0)
		# The log is truncated between the check and the activation.
		[ "$size" -ge "$seen_size" ] || seen_size=0
		state=$(state_of_unit)
		if [ "$urgent" ] || [ "$state" = ended ]; then break; fi
		if [ -z "$reading" ] && { [ "$now" != "$begun" ] || [ "$wait_seconds" = 0 ]; }; then
			if [ "$size" -gt "$seen_size" ]; then break; fi
			if [ -n "$phase" ] && [ "$phase" != "$seen_phase" ]; then break; fi
		fi
	fi
	[ "$now" -lt "$end" ] || break
	sleep "0.$((pause / 10))$((pause % 10))"
	[ "$pause" -ge 25 ] || pause=$((pause + 1))
done
say phase "$phase"
say unit-state "$state"
say boot-id "$(cat /proc/sys/kernel/random/boot_id)"
# The second is there where /var is full or read-only.
for result in "/var/lib/nixos-fleet/results/$unit.json" "$directory/result.json"; do
	if [ -e "$result" ]; then
		say64 result <"$result"
		break
	fi
done
# Only up to the measured size: later output belongs to the next poll.
say offset "$size"
[ ! -e "$directory/log" ] || head -c "$size" "$directory/log" | tail -c "+$((seen_size + 1))" | say64 output
if [ "$reading" ] && [ "$phase" = finished ]; then printf %s "$reading" | sh -s | say64 reading; fi
say end yes
