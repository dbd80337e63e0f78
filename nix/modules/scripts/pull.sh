#!/bin/sh
# Updates this machine from FLEET_FLAKE. Builds without the lock, and switches with it. Rolls back to the exact previous path if the
# new system fails. Lock, holder, result and record are the same as for a pushed deployment.
set -u
run=/run/nixos-fleet
results=/var/lib/nixos-fleet/results
roots=/nix/var/nix/gcroots/nixos-fleet
profile=/nix/var/nix/profiles/system
unit=nixos-fleet-pull-$(date +%s)
by="pull@$(uname -n)"
started=$(date +%s)

say() { echo "nixos-fleet: $*"; }
fail() {
	say "$*" >&2
	exit 1
}
nix_() { nix --extra-experimental-features 'nix-command flakes' "$@"; }

exit_busy() {
	say "a deployment is in progress; this pull does nothing:"
	cat "$run/holder" 2>/dev/null
	exit 0
}

# Keeps a system that an operator pushed recently.
respect_push() {
	record=$roots/${old##*/}/deployment.json
	[ "$FLEET_HOLD_HOURS" -gt 0 ] && [ -e "$record" ] || return 0
	pushed=$(jq -r 'select(.by | startswith("pull@") | not) | .at' "$record" 2>/dev/null)
	[ -n "$pushed" ] && at=$(date -d "$pushed" +%s 2>/dev/null) || return 0
	[ $((started - at)) -ge $((FLEET_HOLD_HOURS * 3600)) ] && return 0
	say "$(jq -r .by "$record") pushed this system at $pushed; it stays for $FLEET_HOLD_HOURS hours."
	exit 0
}

failed_units() {
	systemctl list-units --all --plain --no-legend --no-pager --state=failed,auto-restart |
		sed 's/^[^A-Za-z0-9]* *//; s/[[:space:]].*//' | sort -u
}

write_record() {
	mkdir -p "$roots/${new##*/}" && ln -sfn "$new" "$roots/${new##*/}/system" || return 1
	jq -n --arg host "$FLEET_HOST" --arg system "$new" --arg revision "$revision" --arg by "$by" \
		--arg at "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" '$ARGS.named' >"$roots/${new##*/}/deployment.json.part" &&
		mv "$roots/${new##*/}/deployment.json.part" "$roots/${new##*/}/deployment.json"
}

# finish OUTCOME EXIT-CODE ROLLED-BACK ROLLBACK-CODE FAILED-UNITS
finish() {
	mkdir -p "$results"
	printf '%s' "${5:-}" | jq -R -s --arg unit "$unit" --arg host "$FLEET_HOST" --arg system "$new" --arg by "$by" \
		--arg previous "$old" --argjson previousGeneration "${old_generation:-0}" --arg outcome "$1" \
		--argjson exitCode "$2" --arg wentBack "$3" --argjson rollbackExitCode "$4" \
		--arg bootId "$(cat /proc/sys/kernel/random/boot_id)" --argjson startedAt "$started" \
		--argjson endedAt "$(date +%s)" \
		'split("\n") | map(select(. != "")) | {failedUnits: .} + $ARGS.named' >"$results/$unit.json.part" &&
		mv "$results/$unit.json.part" "$results/$unit.json"
	! grep -qx "unit=$unit" "$run/holder" 2>/dev/null || rm -f "$run/holder"
	[ "$1" = confirmed ] || fail "$1 (exit code $2); rolled back: $3"
	say "confirmed: $new"
	exit 0
}

# roll_back OUTCOME EXIT-CODE FAILED-UNITS: to the system that ran before, which may not be the previous generation.
roll_back() {
	say "rolling back to $old"
	if [ "$(readlink -f "$profile")" != "$old_profile" ]; then
		nix-env -p "$profile" --set "$old_profile" && "$old_profile/bin/switch-to-configuration" boot 9>&-
	fi
	"$old/bin/switch-to-configuration" test 9>&-
	back=$?
	if [ "$(readlink -f /run/current-system)" = "$old" ] && { [ "$back" = 0 ] || [ "$back" = 4 ]; }; then
		finish "$1" "$2" yes "$back" "${3:-}"
	fi
	finish "$1" "$2" failed "$back" "${3:-}"
}

mkdir -p "$run"
exec 9>>"$run/lock"
flock -n 9 || exit_busy
flock -u 9
old=$(readlink -f /run/current-system)
respect_push

# Lock the revision, so that the recorded one is the one that is built.
metadata=$(nix_ flake metadata --refresh --json "$FLEET_FLAKE") || fail "$FLEET_FLAKE could not be read"
locked=$(printf '%s' "$metadata" | jq -r .url)
revision=$(printf '%s' "$metadata" | jq -r '.revision // .dirtyRevision // ""')
# The result link is a garbage collector root until the record exists.
new=$(nix_ build --no-write-lock-file --print-out-paths --out-link "$run/pulled" \
	"$locked#nixosConfigurations.\"$FLEET_HOST\".config.system.build.toplevel") ||
	fail "$locked could not be built for $FLEET_HOST"
if [ "$new" = "$(readlink -f /run/current-system)" ] || {
	[ "$FLEET_OPERATION" = boot ] && [ "$new" = "$(readlink -f "$profile")" ]
}; then
	say "nothing to do: $new is already active"
	exit 0
fi

# The build took time: check again, and hold the lock from here on.
flock -n 9 || exit_busy
old=$(readlink -f /run/current-system)
old_profile=$(readlink -f "$profile")
respect_push
printf 'unit=%s\nby=%s\nsince=%s\n' "$unit" "$by" "$started" >"$run/holder.part" && mv "$run/holder.part" "$run/holder"
old_generation=$(readlink "$profile" | sed 's/.*system-//; s/-link$//')
mkdir -p "$roots/${old##*/}" && ln -sfn "$old" "$roots/${old##*/}/system"
write_record || finish profile-failed 1 not-needed null

if [ "$FLEET_OPERATION" = switch ]; then
	before=$(failed_units)
	# switch-to-configuration starts services, which must not inherit the lock.
	"$new/bin/switch-to-configuration" test 9>&-
	code=$?
	case $code in
	0) ;;
	1) if [ "$(readlink -f /run/current-system)" = "$old" ]; then finish check-failed "$code" not-needed null; else roll_back activation-failed "$code"; fi ;;
	4)
		failed=$(failed_units | grep -Fvx "${before:-.}")
		[ -z "$failed" ] || roll_back units-failed "$code" "$failed"
		;;
	100) if [ "$(readlink -f /run/current-system)" = "$old" ]; then finish reboot-needed "$code" not-needed null; else roll_back reboot-needed "$code"; fi ;;
	*) roll_back activation-failed "$code" ;;
	esac
	timeout "$FLEET_CHECK_SECONDS" "$FLEET_CHECK" 9>&- || roll_back rejected 0
	# A system that cannot reach the flake could never be fixed by a pull.
	nix_ flake metadata --refresh --json "$FLEET_FLAKE" >/dev/null 9>&- || roll_back rejected 0
fi
nix-env -p "$profile" --set "$new" 9>&- || roll_back profile-failed "$?"
"$new/bin/switch-to-configuration" boot 9>&- || roll_back boot-loader-failed "$?"
finish confirmed 0 not-needed null
