#!/bin/sh
# Tells which systems a machine may run or boot: the live one, the booted one, those of all generations, and those that deployments
# recorded; a store path a line. Changes nothing. Run by `sh -s` with root's rights.
PATH=$PATH:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
echo "machine-id=$(cat /etc/machine-id)"
profiles=/nix/var/nix/profiles
for link in /run/current-system /run/booted-system "$profiles"/system-*-link "$profiles"/system-profiles/*-link \
	/nix/var/nix/gcroots/nixos-fleet/*/system; do
	[ ! -e "$link" ] || echo "system=$(readlink -f "$link")"
done
echo end=yes
