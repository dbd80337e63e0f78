# Updates this machine from FLEET_FLAKE. Builds without the lock. The switch is the supervisor's, as that of a pushed deployment: with
# its limits, rollback, result and history; this script confirms it. FLEET_SCRIPTS contains its files. Comes after prelude.sh, lock.sh
# and result.sh.
# shellcheck shell=sh disable=SC2034,SC2154 # variables of the files before
roots=/nix/var/nix/gcroots/nixos-fleet
profile=/nix/var/nix/profiles/system
unit=nixos-fleet-pull-$(date +%s)
by="pull@$(uname -n)"
started=$(date +%s) old='' revision='' host=$FLEET_HOST
dir=$run/units/$unit

nix_() { nix --extra-experimental-features 'nix-command flakes' "$@"; }

exit_busy() {
	echo "nixos-fleet: a deployment is in progress; this pull does nothing:"
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
	echo "nixos-fleet: $(jq -r .by "$record") pushed this system at $pushed; it stays for $FLEET_HOLD_HOURS hours."
	exit 0
}

write_record() {
	mkdir -p "$roots/${new##*/}" && ln -sfn "$new" "$roots/${new##*/}/system" || return 1
	jq -n --arg host "$FLEET_HOST" --arg system "$new" --arg revision "$revision" --arg by "$by" \
		--arg at "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" '$ARGS.named' >"$roots/${new##*/}/deployment.json.part" &&
		mv "$roots/${new##*/}/deployment.json.part" "$roots/${new##*/}/deployment.json"
}

# The pull itself failed, before any switch: the next refresh or preview of an operator names it.
fail() {
	reason=$1 system=${new:-} activated='' action=$FLEET_OPERATION old_generation=0
	mkdir -p "$results"
	record_result pull-failed null
	write_text "$results/$unit.json" "$result"
	echo "nixos-fleet: $1" >&2
	exit 1
}

# Starts the supervisor, as a pushed deployment does.
start_supervisor() {
	mkdir -p "${dir%/*}" && mkdir "$dir" && cp "$FLEET_SCRIPTS"/*.sh "$dir/" && : >"$dir/log" &&
		printf '%-12s\n' starting >"$dir/phase" || return
	(
		umask 077
		token=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
		for name in unit system by revision token; do eval "printf \"%s='%s'\\n\" $name \"\$$name\""; done
		printf "host='%s'\nactivated='%s'\naction='%s'\n" "$FLEET_HOST" "$system" "$FLEET_OPERATION"
		# The check of the flake is part of the confirmation.
		printf 'activation_seconds=600\nconfirm_seconds=%s\n' $((FLEET_CHECK_SECONDS + 120))
	) >"$dir/parameters" || return
	chmod 600 "$dir/parameters"
	systemd-run --quiet --collect --unit="$unit" --description="nixos-fleet: switching to ${system##*/}" \
		--property=TimeoutStopSec=660 --property="ExecStopPost=/bin/sh $dir/supervisor.sh stopped $dir" \
		--property=DefaultDependencies=no --property=Conflicts=shutdown.target --property=Before=shutdown.target \
		--property=RequiresMountsFor="/nix/store /var/lib" \
		/bin/sh "$dir/supervisor.sh" run "$dir"
}

# Whether the new system is healthy. One that cannot reach the flake could never be fixed by a pull.
healthy() {
	timeout "$FLEET_CHECK_SECONDS" "$FLEET_CHECK" || { echo 'the health check failed' && return 1; }
	timeout 100 nix --extra-experimental-features 'nix-command flakes' flake metadata --refresh --json "$FLEET_FLAKE" >/dev/null ||
		{ echo "$FLEET_FLAKE can no longer be reached" && return 1; }
}

make_lock_private
! lock_is_held || exit_busy
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
	echo "nixos-fleet: nothing to do: $new is already active"
	exit 0
fi

system=$new
respect_push
write_record || fail 'the record of the deployment could not be written'
start_supervisor || fail 'the supervisor could not be started'
answered=
until [ -e "$dir/result.json" ] || [ -e "$results/$unit.json" ]; do
	if [ -z "$answered" ] && grep -qx 'waiting *' "$dir/phase"; then
		answered=yes
		if why=$(healthy); then
			sed -n "s/^token='\(.*\)'/\1/p" "$dir/parameters" | tr -d '\n' | write "$dir/confirm"
		else
			printf %s "$why" | write "$dir/reject"
		fi
	fi
	sleep 0.5
done
outcome=$(cat "$dir/result.json" "$results/$unit.json" 2>/dev/null | jq -sr '.[0].outcome')
echo "nixos-fleet: $outcome: $new"
[ "$outcome" = confirmed ] || [ "$outcome" = locked ]
