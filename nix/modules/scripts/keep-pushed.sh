#!/bin/sh
# Keeps from garbage collection what was pushed to this machine for others, and what was before it: a root for each closure, by the
# name it was pushed under. Of each name the newest KEEP_GENERATIONS stay, and what was the pushed one in the last KEEP_DAYS.
# FLEET_ROOTS is the folder of all roots, for tests.
set -eu
roots=${FLEET_ROOTS:-/nix/var/nix/gcroots}
pushed=$roots/nixos-fleet-pushed
kept=$roots/nixos-fleet-kept
now=$(date +%s)
oldest=$((now - KEEP_DAYS * 86400))

# The time of a root is the last one at which it was the pushed one.
for root in "$pushed"/*; do
	[ -L "$root" ] || continue
	path=$(readlink "$root")
	mkdir -p "$kept/${root##*/}"
	own=$kept/${root##*/}/${path##*/}
	[ -L "$own" ] || ln -s "$path" "$own"
	touch -h "$own"
done

for name in "$kept"/*/; do
	[ -d "$name" ] || continue
	count=0
	for root in "$name"*; do
		[ -L "$root" ] && printf '%s %s\n' "$(stat -c %Y "$root")" "$root"
	done | sort -rn | while read -r time root; do
		count=$((count + 1))
		if [ "$count" -gt "$KEEP_GENERATIONS" ] && [ "$time" -lt "$oldest" ]; then
			echo "nixos-fleet: ${root##*/} is no longer kept"
			rm "$root"
		fi
	done
	# A machine that nothing is pushed for any more keeps nothing after its days.
	if ! [ -L "$pushed/$(basename "$name")" ]; then
		for root in "$name"*; do
			[ -L "$root" ] && [ "$(stat -c %Y "$root")" -lt "$oldest" ] && rm "$root"
		done
		rmdir "$name" 2>/dev/null || true
	fi
done
