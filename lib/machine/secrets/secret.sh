#!/bin/sh
# Writes, reads or removes a secret's file, or restarts its units. Comes after prelude.sh, ownership.sh and: action (write, restart,
# read, remove) path owner group permissions content (base64) units (one a line) salt machine_id
# The content stays within this shell and its builtins, so that it is in no argument list, environment or other file.
: "${action:?}" "${path:?}" "${machine_id=}" "${owner=}" "${group=}" "${permissions=}" "${content=}" "${units=}" "${salt=}"
directory=${path%/*}
name=${path##*/}
part=$directory/.$name.nixos-fleet
# Exists while units still have to be restarted for new content, so that the next run restarts them after an interrupted one.
pending=/run/nixos-fleet/secrets/$(printf %s "$path" | sha256sum | cut -c 1-32)

decoded() { printf %s "$content" | base64 -d; }

write_file() {
	[ ! -d "$path" ] || fail 'there is a folder at this path'
	if [ ! -d "$directory" ]; then
		if ! mkdir -p "$directory" || ! chmod 0711 "$directory"; then
			fail "the folder $directory could not be created"
		fi
	fi
	lock_owners
	take "$path"
	same=no
	if [ -f "$path" ] && [ ! -L "$path" ] && decoded | cmp -s - "$path"; then same=yes; fi
	trap 'rm -f "$part"' EXIT
	trap 'exit 3' HUP INT TERM PIPE
	rm -f "$part"
	umask 077
	set -C
	# Never write to an existing file: in a folder that others may write to, its name could be guessed.
	{ exec 3>"$part"; } 2>/dev/null || fail "no file can be created in $directory"
	set +C
	chown "$owner:$group" /proc/self/fd/3 2>/dev/null ||
		fail "there is no user $owner or group $group on the machine"
	chmod "$permissions" /proc/self/fd/3 || fail 'the permissions could not be set'
	decoded >&3 || fail 'the content could not be written'
	sync /proc/self/fd/3 2>/dev/null
	exec 3>&-
	if [ "$same" = no ] && [ -n "$units" ]; then
		if ! mkdir -p "${pending%/*}" || ! : >|"$pending"; then fail 'no file could be created in /run/nixos-fleet'; fi
	fi
	mv -fT "$part" "$path" || fail 'the file could not be moved to its path'
	unlock_owners
	say written yes
	[ ! -e "$pending" ] || say restart-due yes
}

restart_units() {
	[ -e "$pending" ] || return 0
	problems=
	# Names of units have no white space.
	for unit in $units; do
		case $(systemctl show --property=ActiveState --value "$unit" 2>/dev/null) in
		active | activating | reloading | failed)
			if systemctl restart "$unit" >/dev/null 2>&1; then say restarted "$unit"; else problems="$problems $unit"; fi
			;;
		esac
	done
	[ -z "$problems" ] || fail "did not restart:$problems"
	rm -f "$pending"
}

read_file() {
	if [ ! -f "$path" ] || [ -L "$path" ]; then
		say present no
		return
	fi
	say present yes
	say owner "$(stat -c %U "$path")"
	say owner-id "$(stat -c %u "$path")"
	say group "$(stat -c %G "$path")"
	say group-id "$(stat -c %g "$path")"
	say mode "$(stat -c %a "$path")"
	say digest "$({
		printf %s "$salt"
		cat "$path"
	} | sha256sum | cut -d ' ' -f 1)"
	[ ! -e "$pending" ] || say restart-due yes
}

found=$(cat /etc/machine-id)
say machine-id "$found"
case $action in
read) read_file ;;
*)
	# Nothing is changed on another machine.
	[ -z "$machine_id" ] || [ "$machine_id" = "$found" ] || exit 0
	case $action in
	write) write_file ;;
	restart) restart_units ;;
	remove)
		lock_owners
		if owns "$path"; then
			rm -f "$path" "$part" "$pending" || fail 'the file could not be removed'
			release "$path"
		else
			say_owner "$path"
		fi
		;;
	esac
	;;
esac
say end yes
