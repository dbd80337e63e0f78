#!/bin/sh
# Prints the generations of a system profile, the newest first. Changes nothing. Comes after prelude.sh and: profile (its path)
# specialisation (a name, or empty).
: "${profile:?}" "${specialisation=}"
for link in "$profile"-*-link; do
	[ ! -L "$link" ] || echo "$link"
done | sed 's/\(.*-\([0-9]*\)-link\)$/\2 \1/' | sort -rn | while read -r number link; do
	system=$(target "$link")
	[ -n "$system" ] || continue
	has=no
	if [ -n "$specialisation" ] && [ -e "$system/specialisation/$specialisation" ]; then has=yes; fi
	say generation "$number $(stat -c %Y "$link") $has $system"
done
say end yes
