#!/bin/sh
# Runs the checks that precede any change; if one fails, prints state=… and exits. Comes after prelude.sh, lock.sh, boot-state.sh, ownership.sh,
# inhibitors.sh, boot-room.sh and: system activated (the system or its specialisation) action boot_instead (yes: if inhibitors forbid the switch,
# action becomes boot)
# machine_id reserve (required free space, KiB) expected_live (what must be live, unless it is the new system; empty for anything).
: "${system:?}" "${activated:?}" "${action:?}" "${boot_instead?}" "${machine_id:?}" "${reserve:?}" "${expected_live?}"
umask 022

# refuse STATE [KEY VALUE]…
refuse() {
	say state "$1"
	shift
	while [ $# -gt 0 ]; do
		say "$1" "$2"
		shift 2
	done
	exit 3
}
# room KIB PLACE…
room() {
	need=$1
	shift
	# shellcheck disable=SC2046 # free blocks, their size and the place, of each
	set -- $(stat -f -c '%a %S %n' "$@")
	while [ $# -gt 0 ]; do
		free=$(($1 * ($2 / 512) / 2))
		[ "$free" -ge "$need" ] || refuse no-room place "$3" free "$free" need "$need"
		shift 3
	done
}

found=''
read -r found </etc/machine-id
[ "$found" = "$machine_id" ] || refuse wrong-machine found "$found"
if lock_is_held; then
	cat /run/nixos-fleet/holder
	refuse busy
fi
if ! may_take /run/current-system; then
	say_owner /run/current-system
	refuse owned
fi
for path in "$system" "$activated"; do
	[ -x "$path/bin/switch-to-configuration" ] || refuse missing path "$path"
done
if command -v nix-store >/dev/null && ! nix-store --verify-path "$system" "$(readlink -f "$activated")" >/dev/null 2>&1; then
	refuse corrupted
fi
old=$(readlink -f /run/current-system)
# The build and the copy may have taken hours.
if [ -n "$expected_live" ] && [ "$old" != "$expected_live" ] && [ "$old" != "$(readlink -f "$activated")" ]; then
	refuse drifted found "$old"
fi
if [ "$action" != boot ]; then
	changed=$(changed_inhibitors "$old" "$activated")
	if [ -z "$changed" ]; then
		:
	elif [ "$boot_instead" = yes ] && [ "$action" = switch ]; then
		action=boot
	else
		refuse inhibited changed "$changed"
	fi
fi
room "$reserve" /nix /var/lib /run
# A new kernel and initrd must fit on a separate boot partition.
if [ -e "$system/kernel" ] && [ "$(readlink -f "$system/kernel" "$system/initrd")" != "$(readlink -f "$old/kernel" "$old/initrd")" ] &&
	[ "$(stat -c %d /boot 2>/dev/null)" != "$(stat -c %d / 2>/dev/null)" ] && [ -d /boot ]; then
	need=$(($(new_kib "$system") + 1024 - $(removable_kib)))
	[ "$need" -le 0 ] || room "$need" /boot
fi
