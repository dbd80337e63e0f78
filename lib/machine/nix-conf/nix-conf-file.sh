#!/bin/sh
# Writes, reads or removes a file that the nix.conf of a machine includes. Run by `sh -s` with root's rights, after
# lines that give: mode_of_work path content machine_id
# shellcheck disable=SC2154
PATH=$PATH:/run/current-system/sw/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
# The daemon reads its settings when it starts; builds under way have processes of their own.
restart_daemon() {
	[ "$(systemctl show --property=ActiveState --value nix-daemon.service)" != active ] ||
		systemctl restart nix-daemon.service || exit 3
}
say() { printf '%s=%s\n' "$1" "$2"; }
found=$(cat /etc/machine-id)
say machine-id "$found"
# Nothing is written on a machine that is not the one meant.
[ -z "$machine_id" ] || [ "$machine_id" = "$found" ] || exit 0
case $mode_of_work in
write)
	umask 022
	mkdir -p "${path%/*}" && printf %s "$content" >"$path.part" || exit 3
	cmp -s "$path.part" "$path" || changed=yes
	mv -fT "$path.part" "$path" || exit 3
	[ -z "${changed:-}" ] || restart_daemon
	;;
remove)
	[ ! -e "$path" ] || changed=yes
	rm -f "$path" "$path.part" || exit 3
	[ -z "${changed:-}" ] || restart_daemon
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
