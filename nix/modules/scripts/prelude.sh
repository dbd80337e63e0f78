#!/bin/sh
# Comes before every script that runs on a machine (see text.ts): PATH, and the functions that print a reply.
# Needs only a POSIX shell and busybox.
# shellcheck disable=SC2317 # the functions are for the script that follows
PATH=$PATH:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=${HOME:-/root}
LC_ALL=C
export PATH HOME LC_ALL

# say KEY VALUE: prints one line of the reply, `KEY=VALUE`. printf, since the echo of some shells interprets backslashes. Line
# breaks become spaces.
say() {
	case $2 in *"
"*) set -- "$1" "$(printf %s "$2" | tr '\n' ' ')" ;; esac
	printf '%s=%s\n' "$1" "$2"
}
# say_file KEY FILE: the same for the first line of a file, if it can be read.
say_file() {
	[ -r "$2" ] || return 0
	read -r first <"$2"
	say "$1" "$first"
}
# say_parts KEY PART…: the same for a value in parts.
say_parts() {
	printf '%s=' "$1"
	shift
	[ $# = 0 ] || printf %s "$@"
	echo
}
# say64 KEY: the same for the standard input, in base64, whose lines become one.
# shellcheck disable=SC2046 # its lines must be split
say64() { say_parts "$1" $(base64 2>/dev/null); }
# fail WHY: ends the script without `end=yes`.
fail() {
	say failed "$1"
	exit 3
}
# target PATH: the final target of a link; empty if it does not exist.
target() { [ ! -e "$1" ] || readlink -f "$1"; }
# write FILE: replaces a file by the standard input, all or nothing.
write() { cat >"$1.part" && mv "$1.part" "$1"; }
# write_text FILE TEXT: replaces a file by a text and a line break, all or nothing.
write_text() { printf '%s\n' "$2" >"$1.part" && mv "$1.part" "$1"; }
# folder PATH: makes a folder if it is not there.
folder() { [ -d "$1" ] || mkdir -p "$1"; }
# clock: sets now to the monotonic clock, in seconds. No process, unlike $(seconds).
clock() {
	read -r now _ </proc/uptime
	now=${now%.*}
}
seconds() {
	clock
	echo "$now"
}
