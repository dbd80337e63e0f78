#!/bin/sh
# Prints the state of a machine. Changes nothing. Comes after prelude.sh, lock.sh, ownership.sh and: profile (the path of the system
# profile) wanted (a system that may be in its store, or empty) systems_only (yes: no more than which machine it is, and its systems).
# A value that cannot be read is empty.
: "${profile=/nix/var/nix/profiles/system}" "${wanted=}" "${systems_only=}"

say uid "$(id -u)"
say_file machine-id /etc/machine-id
say_file boot-id /proc/sys/kernel/random/boot_id
say_file kernel /proc/sys/kernel/osrelease
if [ -e /etc/NIXOS ] || grep -Eqs '^ID="?nixos"?$' /etc/os-release; then say nixos yes; fi
if [ -e /run/systemd/container ] || { [ -e /.dockerenv ] || [ -e /run/.containerenv ]; }; then say container yes; fi
[ -e /nix/store ] && say nix yes

roots=/nix/var/nix/gcroots/nixos-fleet
# A link to NAME-N-link
generation=$(readlink "$profile")
generation=${generation%-link}
say generation "${generation##*-}"
# One process for all links; / where there is none.
set --
for link in /run/current-system /run/booted-system "$profile"; do
	[ -e "$link" ] || link=/
	set -- "$@" "$link"
done
# No path of a system has white space.
# shellcheck disable=SC2046
set -- $(readlink -f "$@")
current=${1#/} booted=${2#/} profile=${3#/}
current=${current:+/$current} booted=${booted:+/$booted} profile=${profile:+/$profile}
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
if [ "$systems_only" ]; then
	say end yes
	exit
fi
[ ! -e /run/current-system ] || say since "$(stat -c %Y /run/current-system)"
keys='' params_of=''
set --
for name in current booted profile system; do
	eval "path=\$$name"
	[ -n "$path" ] || continue
	for part in kernel initrd kernel-modules; do
		[ ! -e "$path/$part" ] || { set -- "$@" "$path/$part" && keys="$keys $name-$part"; }
	done
	[ -e "$path/kernel-params" ] || continue
	# Mostly one system is all of them.
	[ "$path" = "$params_of" ] || { params_of=$path params=$(say64 params <"$path/kernel-params"); }
	say "$name-kernel-params" "${params#*=}"
done
# One process for all links.
[ $# = 0 ] || readlink -f "$@" | for key in $keys; do read -r part && say "$key" "$part"; done

# With a root, the whole closure is there, and stays.
[ -z "$wanted" ] || [ "$(target "$roots/${wanted##*/}/system")" != "$wanted" ] || say holds yes

set --
for place in nix boot; do [ ! -d "/$place" ] || set -- "$@" "/$place"; done
stat -f -c '%a %S %n' "$@" 2>/dev/null | while read -r blocks size place; do
	say "free-${place#/}" $((blocks * (size / 512) / 2))
done

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
say end yes
