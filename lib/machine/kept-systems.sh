#!/bin/sh
# Prints the systems that a machine keeps: the live one, the booted one, those of all generations and those recorded by
# deployments. Changes nothing. Comes after prelude.sh.
say machine-id "$(cat /etc/machine-id)"
profiles=/nix/var/nix/profiles
for link in /run/current-system /run/booted-system "$profiles"/system-*-link "$profiles"/system-profiles/*-link \
	/nix/var/nix/gcroots/nixos-fleet/*/system; do
	[ ! -e "$link" ] || say system "$(readlink -f "$link")"
done
say end yes
