#!/bin/sh
# Removes old generations of the profile, records of systems without a generation, and optionally collects garbage. Comes after
# prelude.sh and: profile (its path), count days (each empty or a number), before (the previous system), by, collect (yes or no).
# Always kept: the live, the booted, the next and the previous system, and records of the last hour.
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
	say skipped 'another deployment is in progress'
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
	# Generation numbers must be split.
	# shellcheck disable=SC2086
	if nix-env -p "$profile" --delete-generations $old >/dev/null 2>&1; then
		say generations "${old# }"
		# The boot menu must not offer removed generations.
		"$profile/bin/switch-to-configuration" boot >/dev/null 2>&1 9>&- </dev/null ||
			failed='the boot menu could not be updated'
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
