#!/bin/sh
# Writes, reads or removes a file that the machine's nix.conf includes. Comes after prelude.sh, ownership.sh and: action (write,
# read, remove) path content machine_id
: "${action:?}" "${path:?}" "${content?}" "${machine_id?}"
# The daemon reads its settings at start. Running builds are separate processes and continue.
restart_daemon() {
	[ "$(systemctl show --property=ActiveState --value nix-daemon.service)" != active ] ||
		systemctl restart nix-daemon.service || exit 3
}
found=$(cat /etc/machine-id)
say machine-id "$found"
# Nothing is changed on another machine.
[ -z "$machine_id" ] || [ "$machine_id" = "$found" ] || exit 0
case $action in
write)
	umask 022
	lock_owners
	take "$path"
	mkdir -p "${path%/*}" && printf %s "$content" >"$path.part" || exit 3
	cmp -s "$path.part" "$path" || changed=yes
	mv -fT "$path.part" "$path" || exit 3
	unlock_owners
	[ -z "${changed:-}" ] || restart_daemon
	;;
remove)
	lock_owners
	if owns "$path"; then
		[ ! -e "$path" ] || changed=yes
		rm -f "$path" "$path.part" && release "$path" || exit 3
		unlock_owners
		[ -z "${changed:-}" ] || restart_daemon
	else
		say_owner "$path"
	fi
	;;
read)
	if [ ! -f "$path" ]; then
		say content absent
	elif printf %s "$content" | cmp -s - "$path"; then
		say content in-place
	else
		say content changed
	fi
	;;
esac
say end yes
