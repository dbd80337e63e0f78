#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these
# boot-entries: writes one boot entry for every generation of the system profile, as systemd-boot's installer does, and makes
# this system's the default. The machine's /sbin/lab-init reads them.
set -eu
export PATH="$busybox/bin:/usr/bin:/bin"
entries=/boot/loader/entries
mkdir -p "$entries"

# entry VERSION SYSTEM: writes the entry and prints its name.
entry() {
	{
		echo 'title NixOS'
		echo 'sort-key nixos'
		echo "version $1, $(cat "$2/nixos-version")"
		echo "options init=$2/init $(cat "$2/kernel-params")"
		echo "machine-id $(cat /etc/machine-id)"
	} >"$entries/.new"
	name=nixos-$(sha256sum <"$entries/.new" | cut -d ' ' -f 1).conf
	mv "$entries/.new" "$entries/$name"
	echo "$name"
}

keep='' default=''
for link in /nix/var/nix/profiles/system-*-link; do
	target=$(readlink -f "$link")
	[ -e "$target/init" ] || continue
	generation=${link##*/system-}
	name=$(entry "Generation ${generation%-link}" "$target")
	keep="$keep $name"
	[ "$target" != "$system" ] || default=$name
done
# A system that is in no generation can be booted as well.
if [ -z "$default" ]; then
	default=$(entry 'Current' "$system")
	keep="$keep $default"
fi
printf 'timeout 5\ndefault %s\n' "$default" >/boot/loader/loader.conf.new
mv /boot/loader/loader.conf.new /boot/loader/loader.conf
for file in "$entries"/nixos-*.conf; do
	case " $keep " in *" ${file##*/} "*) ;; *) rm -f "$file" ;; esac
done
