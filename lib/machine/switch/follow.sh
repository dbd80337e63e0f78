#!/bin/sh
# Waits for a supervisor, and prints its news as they come: `news=PHASE OFFSET OUTPUT end`, the output in base64. Ends when the supervisor
# wants an answer or has finished, its unit has ended, or the time is over; what comes after the last news is printed then. Comes after
# prelude.sh and: unit seen_phase seen_size (bytes of the log) wait_seconds (limit) reading (empty, or a script that reads the machine
# after the end of the switch).
: "${unit:?}" "${seen_phase:?}" "${seen_size:?}" "${wait_seconds:?}" "${reading?}"
directory=/run/nixos-fleet/units/$unit

# Whether the unit still runs: running, ended, or unknown. A systemd that is being re-executed, as by every switch that changes it or its
# system.conf, refuses the question or leaves it unanswered.
state_of_unit() {
	state=ended
	for service in "$unit.service" "$unit-deadman.service"; do
		case $(timeout 5 systemctl show --property=ActiveState --value "$service" 2>/dev/null) in
		inactive | failed) ;;
		active | activating | deactivating | reloading | refreshing | maintenance) state=running && return ;;
		*) state=unknown ;;
		esac
	done
}
# What is new in the log, in lines of base64.
new_output() { tail -c "+$((seen_size + 1))" "$directory/log" 2>/dev/null | base64; }
# measure LINE…: sets size to the length of the log, of which these lines of new_output are the end.
measure() {
	size=$seen_size last=''
	[ $# -gt 0 ] || return 0
	eval "last=\${$#}"
	size=$((size + ($# - 1) * (${#1} * 3 / 4) + ${#last} * 3 / 4))
	case $last in *==) size=$((size - 2)) ;; *=) size=$((size - 1)) ;; esac
}
# The log may be truncated between the check and the activation.
notice_truncation() { [ "$(wc -c 2>/dev/null <"$directory/log" || echo 0)" -ge "$seen_size" ] || seen_size=0; }

now=$(seconds)
end=$((now + wait_seconds)) looked=$now checked=$now
# Each pause is a process: where many machines share a processor, pauses of 50 ms alone would be a load.
pause=5
while :; do
	phase=
	read -r phase 2>/dev/null <"$directory/phase"
	state=unknown
	# Where it waits for an answer or has finished, that is printed at once, without a question to systemd.
	[ "$phase" = "$seen_phase" ] || case $phase in waiting | finished) break ;; esac
	clock
	if [ "$now" -ge "$end" ] || [ $((now - checked)) -ge 3 ]; then
		checked=$now
		state_of_unit
		if [ "$state" = ended ] || [ "$now" -ge "$end" ]; then break; fi
	fi
	# Other news are collected for a second.
	if [ "$now" != "$looked" ]; then
		looked=$now
		changed=
		if [ -n "$phase" ] && [ "$phase" != "$seen_phase" ]; then changed=yes && notice_truncation; fi
		# shellcheck disable=SC2046 # its lines must be split
		set -- $(new_output)
		if [ $# -gt 0 ] || [ "$changed" ]; then
			measure "$@"
			say_parts news "$phase $size " "$@" ' end'
			seen_phase=$phase seen_size=$size
		fi
	fi
	sleep "0.$((pause / 10))$((pause % 10))"
	[ "$pause" -ge 25 ] || pause=$((pause + 2))
done
notice_truncation
# shellcheck disable=SC2046 # its lines must be split
set -- $(new_output)
measure "$@"
say phase "$phase"
say unit-state "$state"
say_file boot-id /proc/sys/kernel/random/boot_id
# The second is there where /var is full or read-only.
for result in "/var/lib/nixos-fleet/results/$unit.json" "$directory/result.json"; do
	if [ -e "$result" ]; then
		say64 result <"$result"
		break
	fi
done
say offset "$size"
say_parts output "$@"
if [ "$reading" ] && [ "$phase" = finished ]; then printf %s "$reading" | sh -s | say64 reading; fi
say end yes
