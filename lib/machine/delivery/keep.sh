#!/bin/sh
# Protects a system in the machine's store from garbage collection until a later deployment tidies. Comes after prelude.sh and: system
: "${system:?}"
root=/nix/var/nix/gcroots/nixos-fleet/${system##*/}
if mkdir -p "$root" && ln -sfn "$system" "$root/system"; then
	say kept yes
else
	fail "cannot write $root"
fi
