#!/bin/sh
# Records who owns the machine, and adds a gc root for a system, with its deployment record. Comes after prelude.sh, ownership.sh and:
# system record (JSON).
: "${system:?}" "${record:?}"

if [ ! -e "$system" ]; then
	say state missing
	fail "$system is not in the machine's store"
fi
lock_owners
take /run/current-system
unlock_owners
root=/nix/var/nix/gcroots/nixos-fleet/${system##*/}
mkdir -p "$root" && ln -sfn "$system" "$root/system" || exit 4
printf '%s\n' "$record" >"$root/deployment.json.part" && mv "$root/deployment.json.part" "$root/deployment.json" || exit 4
