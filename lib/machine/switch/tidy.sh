#!/bin/sh
# Removes old generations of the profile, records of systems without a generation, and optionally collects garbage. Comes after
# prelude.sh, lock.sh, boot-state.sh and: profile (its path), count days (each empty or a number), before (the previous system), by,
# collect (yes or no).
# Always kept: the live, the booted, the next and the previous system, the boot loader's default, and records of the last hour.
: "${profile:?}" "${count=}" "${days=}" "${before=}" "${by=}" "${collect=no}"
roots=/nix/var/nix/gcroots/nixos-fleet

in_use() {
	[ -n "$1" ] || return 1
	case $1 in "$live" | "$booted" | "$next" | "$by_default" | "$before") return 0 ;; esac
	return 1
}
generations() {
	for link in "$profile"-*-link; do
		[ ! -L "$link" ] || echo "$link" | sed 's/.*-\([0-9]*\)-link$/\1/'
	done | sort -rn
}

if ! take_lock clean-up "$by"; then
	say skipped 'another deployment is in progress'
	exit 0
fi
live=$(target /run/current-system) booted=$(target /run/booted-system) next=$(target "$profile") by_default=$(boot_default)

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
		# The boot menu must not offer removed generations. Its default stays: before a trial it is the previous system.
		set_default "${by_default:-$next}" || failed='the boot menu could not be updated'
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
release_lock

if [ -n "$failed" ]; then
	say failed "$failed"
elif [ "$collect" = yes ]; then
	for system in $live $booted $next $by_default $before; do
		mkdir -p "$roots/${system##*/}" && ln -sfn "$system" "$roots/${system##*/}/system"
	done
	if freed=$(nix-store --gc 2>&1); then
		say freed "$(printf '%s\n' "$freed" | tail -n 1)"
	else
		say failed "nix-store --gc failed: $(printf '%s\n' "$freed" | tail -n 3)"
	fi
fi
say end yes
