#!/bin/sh
# Runs a command with nothing on its standard input, and prints a mark on both streams where its output begins and ends. The standard
# input of this script is what keeps the command alive: it ends where the operator stops it, or with the connection, and then the
# command is ended with all processes of its group. Variables: mark. Arguments: the command.
# shellcheck disable=SC2154 # mark comes from outside
PATH=$PATH:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

marks() {
	printf '\n%s %s\n' "$mark" "$1"
	printf '\n%s %s\n' "$mark" "$1" >&2
}

# end SIGNAL: to the group; to the command alone, if it has no group of its own (yet).
end() { kill -s "$1" -- "-$command" || kill -s "$1" "$command"; }

# A function, so that the shell has read all of this script before anything else reads its input.
main() {
	exec 3<&0 </dev/null
	marks begins
	if command -v setsid >/dev/null; then setsid -- "$@" 3<&- & else "$@" 3<&- & fi
	command=$!
	{
		while read -r _; do :; done <&3
		# To the end, also where the command itself ends before its children.
		trap '' TERM
		end TERM
		for _ in 1 2 3 4 5; do
			kill -s 0 -- "-$command" || exit
			sleep 1
		done
		end KILL
	} >/dev/null 2>&1 &
	watcher=$!
	exec 3<&-
	wait "$command" 2>/dev/null
	marks "ends $?"
	kill "$watcher"
	exit
}
main "$@"
