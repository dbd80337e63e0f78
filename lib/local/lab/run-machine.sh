#!/bin/sh
# run-machine.sh PIDFILE CONSOLE CGROUP COMMAND…: the keeper of a lab machine, detached from the process that started it, on a
# computer whose PID 1 is not systemd. COMMAND is systemd-nspawn with --keep-unit; its exit code 133 means a reboot. CGROUP is
# created in systemd's hierarchies, with one child for this process and one for the machine, since nspawn needs its own. SIGTERM
# shuts the machine down.
set -u
pidfile=$1 console=$2 cgroup=$3
shift 3
exec </dev/null >>"$console" 2>&1

# Version 1 or hybrid: the named hierarchies; version 2: the only one.
hierarchies=
for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ -e "$hierarchy/cgroup.procs" ] && hierarchies="$hierarchies $hierarchy"
done
for hierarchy in $hierarchies; do
	mkdir -p "$hierarchy/$cgroup/machine" "$hierarchy/$cgroup/keeper"
	echo 0 >"$hierarchy/$cgroup/keeper/cgroup.procs"
done

machine=
stopping=
stop() {
	stopping=1
	[ -z "$machine" ] || kill -TERM "$machine" 2>/dev/null
}
trap stop TERM
trap '' INT HUP

# By a rename: readers never see a partial number.
echo $$ >"$pidfile.new" && mv "$pidfile.new" "$pidfile"
while :; do
	(
		trap - TERM
		# 0 is the writing process: this subshell.
		for hierarchy in $hierarchies; do echo 0 >"$hierarchy/$cgroup/machine/cgroup.procs"; done
		exec "$@"
	) &
	machine=$!
	[ -z "$stopping" ] || stop
	# wait returns early when the trap runs.
	while :; do
		wait "$machine"
		code=$?
		kill -0 "$machine" 2>/dev/null || break
	done
	[ "$code" = 133 ] || break
	[ -z "$stopping" ] || break
	echo "lab: the machine rebooted"
done
exit "$code"
