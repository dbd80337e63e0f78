#!/bin/sh
# Removes old generations of the system, the records of systems that no generation names any more, and, where asked, what
# nothing refers to. Comes after prelude.sh and: profile (its path), count days (each empty or a number), before (the system that
# ran before this deployment), by, collect (yes or no).
# Never touched: the live system, the booted one, the profile's, the one before, and records of the last hour.
: "${profile=/nix/var/nix/profiles/system}" "${count=}" "${days=}" "${before=}" "${by=}" "${collect=no}"
run=/run/nixos-fleet
roots=/nix/var/nix/gcroots/nixos-fleet

in_use() {
	[ -n "$1" ] || return 1
	case $1 in "$live" | "$booted" | "$next" | "$before") return 0 ;; esac
	return 1
}
generations() {
	for link in "$profile"-*-link; do
		[ ! -L "$link" ] || echo "$link" | sed 's/.*-\([0-9]*\)-link$/\1/'
	done | sort -rn
}

live=$(target /run/current-system) booted=$(target /run/booted-system) next=$(target "$profile")

mkdir -p "$run"
exec 9>"$run/lock"
if ! flock -n 9; then
	say skipped 'another deployment is under way'
	exit 0
fi
printf 'unit=clean-up\nby=%s\nsince=%s\n' "$by" "$(date +%s)" >"$run/holder"

place=0 old=''
for number in $(generations); do
	link=$profile-$number-link
	place=$((place + 1))
	if [ -n "$count" ] && [ "$place" -le "$count" ]; then continue; fi
	if [ -n "$days" ] && [ $(($(date +%s) - $(stat -c %Y "$link"))) -le $((days * 86400)) ]; then continue; fi
	in_use "$(readlink -f "$link")" || old="$old $number"
done
failed=''
if [ -n "$count$days" ] && [ -n "$old" ]; then
	# Numbers, each a word.
	# shellcheck disable=SC2086
	if nix-env -p "$profile" --delete-generations $old >/dev/null 2>&1; then
		say generations "${old# }"
		# The boot menu must not offer what is no longer there.
		"$profile/bin/switch-to-configuration" boot >/dev/null 2>&1 9>&- </dev/null ||
			failed='the menu of the boot loader could not be renewed'
	else
		failed='nix-env could not remove them'
	fi
fi
if [ -n "$count$days" ]; then
	kept=$(for number in $(generations); do readlink -f "$profile-$number-link"; done)
	for record in "$roots"/*; do
		system=$(target "$record/system")
		in_use "$system" && continue
		[ -z "$system" ] || ! printf '%s\n' "$kept" | grep -qxF "$system" || continue
		[ -z "$(find "$record" -maxdepth 0 -mmin +60)" ] || rm -rf "${record:?}"
	done
fi
rm -f "$run/holder"
exec 9>&-

if [ -n "$failed" ]; then
	say failed "$failed"
elif [ "$collect" = yes ]; then
	for system in $live $booted $next $before; do
		mkdir -p "$roots/${system##*/}" && ln -sfn "$system" "$roots/${system##*/}/system"
	done
	if freed=$(nix-store --gc 2>/dev/null | tail -n 1); then say freed "$freed"; else say failed 'nix-store --gc failed'; fi
fi
say end yes
