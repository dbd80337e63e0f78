#!/bin/sh
# Tells what a machine is and runs, as lines `key=value`; a value that may hold anything is in base64.
# Changes nothing, and needs nothing but coreutils. Run by `sh -s` with root's rights, after a line that gives: profile (the
# path of the system profile). Reading goes on where one thing is missing: an empty value says so.
: "${profile=/nix/var/nix/profiles/system}"
PATH=$PATH:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

say() { printf '%s=%s\n' "$1" "$2"; }
say64() { printf '%s=%s\n' "$1" "$(base64 2>/dev/null <"$2" | tr -d '\n')"; }
target() { [ ! -e "$1" ] || readlink -f "$1"; }
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
# A specialisation has a store path of its own.
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
for name in current booted profile; do
	eval "path=\$$name"
	[ -n "$path" ] || continue
	for part in kernel initrd kernel-modules; do say "$name-$part" "$(target "$path/$part")"; done
	[ ! -e "$path/kernel-params" ] || say64 "$name-kernel-params" "$path/kernel-params"
done
[ ! -e "$current/switch-inhibitors" ] || say64 inhibitors "$current/switch-inhibitors"

say free-nix "$(free_kib /nix)"
[ ! -d /boot ] || say free-boot "$(free_kib /boot)"

if [ -e /run/nixos-fleet/lock ] && ! flock -n /run/nixos-fleet/lock true 2>/dev/null; then
	say busy yes
	[ ! -e /run/nixos-fleet/holder ] || say64 holder /run/nixos-fleet/holder
fi
record=$roots/${system##*/}
[ -z "$system" ] || [ ! -e "$record/deployment.json" ] || say64 record "$record/deployment.json"
# In the order in which they were written: a clock may have been set meanwhile.
history=/var/lib/nixos-fleet/history.jsonl
say history "$(tail -n 3 "$history" 2>/dev/null | base64 | tr -d '\n')"
[ ! -e "$history" ] || say result "$(tail -n 1 "$history" | base64 | tr -d '\n')"
say end yes
