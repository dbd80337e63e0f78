#!/bin/sh
# Writes, reads or removes one file whose content nobody else may see. Comes after prelude.sh and: action (write, read, remove)
# path owner group permissions content (base64) units (one a line) salt machine_id
# The content stays within this shell and its builtins: it is in no argument, no environment and no temporary file.
: "${action:?}" "${path:?}" "${machine_id=}" "${owner=}" "${group=}" "${permissions=}" "${content=}" "${units=}" "${salt=}"
directory=${path%/*}
name=${path##*/}
part=$directory/.$name.nixos-fleet
# There while units have to be restarted for a content that was written: a run that was cut off leaves it to the next.
pending=/run/nixos-fleet/secrets/$(printf %s "$path" | sha256sum | cut -c 1-32)

decoded() { printf %s "$content" | base64 -d; }

write_file() {
	[ ! -d "$path" ] || fail 'there is a folder at this path'
	if [ ! -d "$directory" ]; then
		if ! mkdir -p "$directory" || ! chmod 0711 "$directory"; then
			fail "the folder $directory could not be made"
		fi
	fi
	same=no
	if [ -f "$path" ] && [ ! -L "$path" ] && decoded | cmp -s - "$path"; then same=yes; fi
	trap 'rm -f "$part"' EXIT
	trap 'exit 3' HUP INT TERM PIPE
	rm -f "$part"
	umask 077
	set -C
	# A file that exists is never written to: the name may be guessed in a folder that is not root's alone.
	{ exec 3>"$part"; } 2>/dev/null || fail "no file can be made in $directory"
	set +C
	chown "$owner:$group" /proc/self/fd/3 2>/dev/null ||
		fail "there is no user $owner or group $group on the machine"
	chmod "$permissions" /proc/self/fd/3 || fail 'the permissions could not be set'
	decoded >&3 || fail 'the content could not be written'
	sync /proc/self/fd/3 2>/dev/null
	exec 3>&-
	if [ "$same" = no ] && [ -n "$units" ]; then
		if ! mkdir -p "${pending%/*}" || ! : >|"$pending"; then fail 'no mark could be made in /run/nixos-fleet'; fi
	fi
	mv -fT "$part" "$path" || fail 'the file could not be put in its place'
	say written yes
}

restart_units() {
	[ -e "$pending" ] || return 0
	problems=
	# Names of units are without white space.
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
	# Nothing is written on, or removed from, a machine that is not the one meant.
	[ -z "$machine_id" ] || [ "$machine_id" = "$found" ] || exit 0
	case $action in
	write)
		write_file
		restart_units
		;;
	remove) rm -f "$path" "$part" "$pending" || fail 'the file could not be removed' ;;
	esac
	;;
esac
say end yes
