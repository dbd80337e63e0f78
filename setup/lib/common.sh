# shellcheck shell=sh
# Shared by all scripts in setup/: the cache folder, progress messages, and atomic steps.

fleet_home=${XDG_CACHE_HOME:-${HOME:?HOME must be set: the cache folder is kept in it}/.cache}/nixos-fleet/v1
fleet_started=${NIXOS_FLEET_STARTED:-$(date +%s)} # a child script continues the parent's clock
fleet_child=
fleet_ticker=
fleet_temporary=

# say TEXT: prints a line of progress on stderr, with the seconds since the start.
say() {
	printf '[%3ds] %s\n' "$(($(date +%s) - fleet_started))" "$*" >&2
}

# die WHAT WHY FIX: prints what failed, why and what to do, and exits with 1.
die() {
	printf 'error: %s\n' "$1" >&2
	[ -z "${2-}" ] || printf '  why:  %s\n' "$2" >&2
	[ -z "${3-}" ] || printf '  fix:  %s\n' "$3" >&2
	exit 1
}

# have COMMAND: whether it is on PATH.
have() {
	command -v "$1" >/dev/null 2>&1
}

# have_own COMMAND: whether it is on PATH and not one that the set-up installed.
have_own() {
	case $(command -v "$1" 2>/dev/null) in
	'' | "$fleet_home"/*) return 1 ;;
	esac
}

# quoted TEXT: quotes TEXT as one word for a shell.
quoted() {
	printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# clean_up: ends child processes and removes unfinished files. Runs on every exit.
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
trap 'clean_up; trap - EXIT; say "stopped; run the same command again to continue"; exit 130' INT
trap 'clean_up; trap - EXIT; say "stopped; run the same command again to continue"; exit 143' TERM HUP

# need_room GIGABYTES WHAT: exits if the cache folder's disk has less free space than WHAT needs.
need_room() {
	mkdir -p "$fleet_home"
	room=$(df -Pk "$fleet_home" 2>/dev/null | awk 'NR == 2 { print int($4 / 1e6) }')
	[ "${room:-$1}" -ge "$1" ] || die "not enough free space for $2" "it needs $1 GB in $fleet_home; ${room} GB are free" \
		"free some space, or set XDG_CACHE_HOME to a folder on a larger disk"
}

# lock NAME: acquires the lock NAME, waiting for other runs. Held until this process exits.
lock() {
	mkdir -p "$fleet_home"
	have flock || return 0
	exec 9>"$fleet_home/$1.lock"
	flock -n 9 && return 0
	say "another set-up is running; waiting for it (lock $fleet_home/$1.lock)"
	flock 9
}

# tick LABEL LOG: reports every 30 seconds how far LABEL is (on a terminal: every second, in one line).
tick() {
	tick_seconds=0
	# The sleeps must not keep the output open: its reader would wait for the last one.
	while sleep 1 >/dev/null 2>&1; do
		tick_seconds=$((tick_seconds + 1))
		if [ -t 2 ]; then
			printf '\r\033[K[%3ds] %s … %s' "$(($(date +%s) - fleet_started))" "$1" "$(how_far "$2" "$tick_seconds")" >&2
		elif [ "$((tick_seconds % 30))" -eq 0 ]; then
			say "$1 … $(how_far "$2" "$tick_seconds")"
		fi
	done
}

# run_total: how many lines the log of the next run will have, where each is a step; empty if that is not known.
run_total=

# how_far LOG SECONDS: "still running", or "120 of 1800 packages, 4 min left" as far as there are steps.
how_far() {
	steps=$(grep -vc '^go: ' "$1" 2>/dev/null) || steps=0
	if [ -z "$run_total" ] || [ "$steps" -eq 0 ] || [ "$steps" -gt "$run_total" ]; then
		echo 'still running'
	else
		left=$(((run_total - steps) * $2 / steps / 60 + 1))
		echo "$steps of $run_total packages, about $left min left"
	fi
}

# run LABEL LOG COMMAND…: runs COMMAND with its output in LOG. If it fails, prints the last lines and returns its exit code.
# COMMAND has its own process group, so that an interrupt ends all of it.
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
	tick "$run_label" "$run_log" 9>&- &
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

# new_folder NAME: creates a temporary folder for NAME in the cache; put_in_place moves it into place, an interrupt removes it.
new_folder() {
	mkdir -p "$fleet_home/tmp"
	# Leftovers of a killed run. The caller holds the lock for NAME.
	rm -rf "$fleet_home/tmp/$1".*
	fleet_temporary=$(mktemp -d "$fleet_home/tmp/$1.XXXXXX")
	chmod 755 "$fleet_temporary"
}

# put_in_place NAME: renames the folder of new_folder to NAME.
put_in_place() {
	rm -rf -- "${fleet_home:?}/$1"
	mv -T -- "$fleet_temporary" "$fleet_home/$1" 2>/dev/null || mv -- "$fleet_temporary" "$fleet_home/$1"
	fleet_temporary=
}
