#!/bin/sh
# The machine's lock: what switches, reboots, tidies or tries a system holds it as file descriptor 9. Comes after prelude.sh.
# Only root can open it, since whoever can open a file can hold its lock.
# shellcheck disable=SC2034 # run is for the script that follows
run=/run/nixos-fleet
lock=$run/lock

# Whether a process of root has the lock file open.
root_has_lock() {
	find /proc/[0-9]*/fd -maxdepth 1 -type l -exec stat -L -c '%d:%i %n' {} + 2>/dev/null |
		sed -n "s|^$(stat -c %d:%i "$lock") \(.*\)/fd/.*|\1|p" | xargs stat -c %u 2>/dev/null | grep -qx 0
}

# Makes the folder private, and replaces a lock file that others could open, as one made by an earlier version.
make_lock_private() {
	[ "$(stat -c '%a %u' "$run" "$lock" 2>/dev/null)" != '700 0
600 0' ] || return 0
	(umask 077 && mkdir -p "$run") && chmod 700 "$run" && (umask 077 && : >>"$run/lock.guard") || return
	exec 8>>"$run/lock.guard"
	flock 8
	if [ "$(stat -c '%a %u' "$lock" 2>/dev/null)" != '600 0' ]; then
		if [ ! -e "$lock" ] || flock -n "$lock" true || ! root_has_lock; then
			(umask 077 && : >"$lock.new") && mv -f "$lock.new" "$lock"
		fi
	fi
	exec 8>&-
}

# take_lock UNIT BY [SECONDS]: takes the lock, waiting at most this long, and records who holds it; fails if another does.
take_lock() {
	make_lock_private || return
	exec 9>>"$lock"
	if ! flock -w "${3:-0}" 9; then
		exec 9>&-
		return 1
	fi
	write_text "$run/holder" "unit=$1
by=$2
since=$(date +%s)"
}

# Whether another process holds the lock. A process of another user that holds the lock file of an earlier version does not count.
lock_is_held() {
	[ -e "$lock" ] && ! { flock -n 8; } 8<"$lock" 2>/dev/null || return 1
	[ "$(stat -c '%a %u' "$lock")" = '600 0' ] || root_has_lock
}

release_lock() {
	rm -f "$run/holder"
	exec 9>&-
}
