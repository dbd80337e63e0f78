#!/bin/sh
# Prints the state of a machine. Changes nothing. Comes after prelude.sh, lock.sh, ownership.sh and: profile (the path of the system
# profile) wanted (a system that may be in its store, or empty).
# A value that cannot be read is empty.
: "${profile=/nix/var/nix/profiles/system}" "${wanted=}"
free_kib() {
	set -- "$1" "$(stat -f -c '%a %S' "$1" 2>/dev/null)"
	[ -z "$2" ] || echo $((${2% *} * (${2#* } / 512) / 2))
}

say uid "$(id -u)"
say machine-id "$(cat /etc/machine-id 2>/dev/null)"
say boot-id "$(cat /proc/sys/kernel/random/boot_id)"
say kernel "$(uname -r)"
if [ -e /etc/NIXOS ] || grep -Eqs '^ID="?nixos"?$' /etc/os-release; then say nixos yes; fi
if [ -e /run/systemd/container ] || { [ -e /.dockerenv ] || [ -e /run/.containerenv ]; }; then say container yes; fi
[ -e /nix/store ] && say nix yes

roots=/nix/var/nix/gcroots/nixos-fleet
# A link to NAME-N-link
generation=$(readlink "$profile")
generation=${generation%-link}
say generation "${generation##*-}"
current=$(target /run/current-system)
booted=$(target /run/booted-system)
profile=$(target "$profile")
system=$current specialisation=
# A specialisation has its own store path: find the system that contains it.
for path in "$profile"/specialisation/* "$booted"/specialisation/* "$roots"/*/system/specialisation/*; do
	if [ ! -e "$path" ] || [ "$(readlink -f "$path")" != "$current" ]; then continue; fi
	system=$(readlink -f "${path%/specialisation/*}")
	specialisation=${path##*/}
	break
done
say system "$system"
say specialisation "$specialisation"
say current "$current"
say booted "$booted"
say profile "$profile"
[ ! -e /run/current-system ] || say since "$(stat -c %Y /run/current-system)"
for name in current booted profile system; do
	eval "path=\$$name"
	[ -n "$path" ] || continue
	for part in kernel initrd kernel-modules; do say "$name-$part" "$(target "$path/$part")"; done
	[ ! -e "$path/kernel-params" ] || say64 "$name-kernel-params" <"$path/kernel-params"
done

# With a root, the whole closure is there, and stays.
[ -z "$wanted" ] || [ "$(target "$roots/${wanted##*/}/system")" != "$wanted" ] || say holds yes

say free-nix "$(free_kib /nix)"
[ ! -d /boot ] || say free-boot "$(free_kib /boot)"

if lock_is_held; then
	say busy yes
	[ ! -e /run/nixos-fleet/holder ] || say64 holder </run/nixos-fleet/holder
fi
record=$roots/${system##*/}
[ -z "$system" ] || [ ! -e "$record/deployment.json" ] || say64 record <"$record/deployment.json"
say_owner /run/current-system
# Ordered by position, not by time: the clock may have been set.
history=/var/lib/nixos-fleet/history.jsonl
tail -n 3 "$history" 2>/dev/null | say64 history
[ ! -e "$history" ] || tail -n 1 "$history" | say64 result
say end yes
