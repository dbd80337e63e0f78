# shellcheck shell=sh
# What every script in setup/ shares: where things are kept, how progress is told, how a step is made whole or not at all.

fleet_home=${XDG_CACHE_HOME:-${HOME:?HOME must be set: the cache folder is kept in it}/.cache}/nixos-fleet/v1
fleet_started=${NIXOS_FLEET_STARTED:-$(date +%s)} # a script that another one of these runs goes on counting
fleet_child=
fleet_ticker=
fleet_temporary=

# say TEXT: one line of progress on stderr, with the seconds since the start.
say() {
	printf '[%3ds] %s\n' "$(($(date +%s) - fleet_started))" "$*" >&2
}

# die WHAT WHY FIX: ends with 1 after saying what failed, why, and what to do.
die() {
	printf 'error: %s\n' "$1" >&2
	[ -z "${2-}" ] || printf '  why:  %s\n' "$2" >&2
	[ -z "${3-}" ] || printf '  fix:  %s\n' "$3" >&2
	exit 1
}

# have COMMAND: whether PATH holds it.
have() {
	command -v "$1" >/dev/null 2>&1
}

# have_own COMMAND: whether PATH holds it, and not from the cache folder: the set-up's own tools are known already.
have_own() {
	case $(command -v "$1" 2>/dev/null) in
	'' | "$fleet_home"/*) return 1 ;;
	esac
}

# quoted TEXT: TEXT as one word for a shell.
quoted() {
	printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# clean_up: ends what this script started and removes what it had not finished. Runs at every end.
clean_up() {
	[ -z "$fleet_ticker" ] || kill -KILL "$fleet_ticker" 2>/dev/null || :
	if [ -n "$fleet_child" ]; then
		kill -TERM -- "-$fleet_child" 2>/dev/null || kill -TERM "$fleet_child" 2>/dev/null || :
		wait "$fleet_child" 2>/dev/null || :
	fi
	[ -z "$fleet_temporary" ] || rm -rf -- "$fleet_temporary"
	fleet_child='' fleet_ticker='' fleet_temporary=''
}
trap clean_up EXIT
trap 'clean_up; trap - EXIT; say "stopped; run the same command again to go on"; exit 130' INT
trap 'clean_up; trap - EXIT; say "stopped; run the same command again to go on"; exit 143' TERM HUP

# need_room GIGABYTES WHAT: ends where the cache folder's disk has less than that left for WHAT.
need_room() {
	mkdir -p "$fleet_home"
	room=$(df -Pk "$fleet_home" 2>/dev/null | awk 'NR == 2 { print int($4 / 1e6) }')
	[ "${room:-$1}" -ge "$1" ] || die "there is no room for $2" "it needs $1 GB in $fleet_home; ${room} GB are free" \
		"make room, or set XDG_CACHE_HOME to a folder on a larger disk"
}

# lock NAME: waits until no other run holds NAME. Held until this process ends.
lock() {
	mkdir -p "$fleet_home"
	have flock || return 0
	exec 9>"$fleet_home/$1.lock"
	flock -n 9 && return 0
	say "another set-up is running; waiting for it (lock $fleet_home/$1.lock)"
	flock 9
}

# tick LABEL: says every half minute that LABEL still lasts (on a terminal: every second, in one line).
tick() {
	tick_seconds=0
	# Its short sleeps must hold no output open: whoever reads that would wait for the last one.
	while sleep 1 >/dev/null 2>&1; do
		tick_seconds=$((tick_seconds + 1))
		if [ -t 2 ]; then
			printf '\r[%3ds] %s … ' "$(($(date +%s) - fleet_started))" "$1" >&2
		elif [ "$((tick_seconds % 30))" -eq 0 ]; then
			say "$1 … still at it"
		fi
	done
}

# run LABEL LOG COMMAND…: runs COMMAND with its output in LOG; says its last lines and returns its code when it fails.
# It has a process group of its own, so that an interrupt ends all of it.
run() {
	run_label=$1 run_log=$2
	shift 2
	mkdir -p "${run_log%/*}"
	say "$run_label …"
	if have setsid; then
		setsid "$@" >"$run_log" 2>&1 </dev/null 9>&- &
	else
		"$@" >"$run_log" 2>&1 </dev/null 9>&- &
	fi
	fleet_child=$!
	tick "$run_label" 9>&- &
	fleet_ticker=$!
	run_code=0
	wait "$fleet_child" || run_code=$?
	fleet_child=
	kill -KILL "$fleet_ticker" 2>/dev/null || :
	wait "$fleet_ticker" 2>/dev/null || :
	fleet_ticker=
	[ ! -t 2 ] || printf '\r\033[K' >&2
	if [ "$run_code" -ne 0 ]; then
		say "$run_label: failed with exit code $run_code; the last lines of $run_log:"
		tail -n 15 "$run_log" | sed 's/^/       | /' >&2
	fi
	return "$run_code"
}

# new_folder NAME: makes an empty folder beside NAME's place in the cache; put_in_place moves it there, an interrupt removes it.
new_folder() {
	mkdir -p "$fleet_home/tmp"
	# One that a killed run left; whoever makes NAME holds the lock for it.
	rm -rf "$fleet_home/tmp/$1".*
	fleet_temporary=$(mktemp -d "$fleet_home/tmp/$1.XXXXXX")
	chmod 755 "$fleet_temporary"
}

# put_in_place NAME: the folder of new_folder becomes NAME in one step.
put_in_place() {
	rm -rf -- "${fleet_home:?}/$1"
	mv -T -- "$fleet_temporary" "$fleet_home/$1" 2>/dev/null || mv -- "$fleet_temporary" "$fleet_home/$1"
	fleet_temporary=
}
