#!/bin/sh
# Switches this machine to another system so that it cannot be lost: the profile and the boot loader name the new
# system only after an operator has confirmed it; whatever else happens, the machine goes back to the system it ran,
# by its exact path. Runs in a transient systemd unit, apart from the ssh connection that started it.
#
#   supervisor.sh run DIR      the unit's main process
#   supervisor.sh hold DIR     the same where another tool makes the switch; see hold.sh
#   supervisor.sh stopped DIR  the unit's ExecStopPost: goes back if the main process was killed
#   supervisor.sh expire DIR   the dead-man's timer, a unit of its own: ends a supervisor that hangs
#
# DIR/parameters gives: unit host system activated (the system or its specialisation) action (switch, boot, test) profile (a
# path) revision by token activation_seconds confirm_seconds unit_failures boot_instead (yes: where the system refuses to be
# switched to, it is made that of the next boot) install_boot_loader (1 or empty) reboot (never, when-needed, always) trial (yes:
# a reboot is one boot on trial)
# DIR/phase holds how far it is, DIR/log holds switch-to-configuration's output, DIR/confirm comes from the operator.
# The outcome goes to /var/lib/nixos-fleet/results/UNIT.json and as one line to /var/lib/nixos-fleet/history.jsonl (DIR/result.sh);
# both survive a reboot.
set -u
mode=$1 dir=$2
unit='' host='' system='' activated='' action=switch profile=/nix/var/nix/profiles/system revision='' by='' token=''
activation_seconds=600 confirm_seconds=120 unit_failures=rollback boot_instead='' install_boot_loader='' reboot=never trial=''
# shellcheck source=lib/machine/script/prelude.sh
. "$dir/prelude.sh"
# shellcheck source=/dev/null
. "$dir/parameters"

run=/run/nixos-fleet
roots=/nix/var/nix/gcroots/nixos-fleet
# shellcheck source=lib/machine/switch/result.sh
. "$dir/result.sh"
# shellcheck source=lib/machine/switch/finish.sh
. "$dir/finish.sh"

phase() {
	echo "$1" | write "$dir/phase"
	echo "nixos-fleet: $1"
}
link_generation() {
	set -- "$(readlink "$profile")"
	set -- "${1%-link}"
	echo "${1##*-}"
}

# Units that are failed or in a restart loop, one a line.
failed_units() {
	systemctl list-units --all --plain --no-legend --no-pager --state=failed,auto-restart 2>/dev/null |
		sed 's/^[^A-Za-z0-9]* *//; s/[[:space:]].*//' | sort -u
}

# Runs ARG of the SYSTEM's switch-to-configuration with a limit; its output goes to a file, for a pipe to a reader that
# dies would kill it between stopping and starting units. The copy to the journal is made afterwards.
switch() {
	before=$(wc -c <"$dir/log")
	timeout -k 10 "$activation_seconds" "$1/bin/switch-to-configuration" "$2" >>"$dir/log" 2>&1 9>&- </dev/null
	set -- "$?"
	tail -c "+$((before + 1))" "$dir/log"
	return "$1"
}

# Takes our generation away again, and renews the boot loader's menu.
restore_profile() {
	[ "$(target "$profile")" = "$system" ] || return
	ours=$(link_generation)
	[ "$ours" != "$old_generation" ] || return
	if [ -n "$old_generation" ]; then
		nix-env -p "$profile" --switch-generation "$old_generation" >>"$dir/log" 2>&1 9>&- &&
			nix-env -p "$profile" --delete-generations "$ours" >>"$dir/log" 2>&1 9>&-
		switch "$(target "$profile")" boot
		rollback_code=$?
	elif [ -n "$old" ]; then
		# The profile itself is new.
		rm -f "$profile" "$profile-$ours-link"
		switch "$old" boot
		rollback_code=$?
	fi
}

# Goes back to the recorded system, never to "the previous generation".
go_back() {
	phase going-back
	echo 'nixos-fleet: going back' >>"$dir/log"
	restore_profile
	if [ "$action" = boot ]; then
		# Nothing was activated.
		case $rollback_code in null) ;; 0) went_back=yes ;; *) went_back=failed ;; esac
		return
	fi
	if [ -z "$old" ]; then
		went_back=nothing-before
		return
	fi
	if [ "$old" = "$(target "$activated")" ]; then
		went_back=same-system
		return
	fi
	if [ "$(systemctl is-system-running 2>/dev/null)" = stopping ]; then
		# The machine goes down: it comes up on the profile's system, which is still the old one.
		went_back="by-reboot"
		return
	fi
	switch "$old" test
	rollback_code=$?
	if [ "$(target /run/current-system)" = "$old" ] && { [ "$rollback_code" = 0 ] || [ "$rollback_code" = 4 ]; }; then
		went_back=yes
	else
		went_back=failed
	fi
}

# Whether the switch was refused before it touched anything.
untouched() {
	[ "$(target /run/current-system)" = "$old" ] &&
		! grep -Eq '^(stopping the following|activating the configuration)' "$dir/log"
}

# Takes the lock, and writes down what there was before.
begin_run() {
	old='' old_generation='' started=$(date +%s)
	: >>"$dir/log"
	mkdir -p "$run"
	exec 9>"$run/lock"
	flock -n 9 || finish locked null
	printf 'unit=%s\nby=%s\nsince=%s\n' "$unit" "$by" "$started" | write "$run/holder"

	old=$(target /run/current-system)
	[ ! -e "$profile" ] || old_generation=$(link_generation)
	printf "old='%s'\nold_generation='%s'\nstarted='%s'\n" "$old" "$old_generation" "$started" | write "$dir/previous"
	if [ -n "$old" ]; then
		mkdir -p "$roots/${old##*/}" && ln -sfn "$old" "$roots/${old##*/}/system"
	fi
	[ ! -d "$system/sw/lib/locale" ] || export LOCALE_ARCHIVE="$system/sw/lib/locale/locale-archive"
}

run_switch() {
	begin_run
	phase checking
	systemd-run --quiet --collect --unit="$unit-deadman" --timer-property=AccuracySec=1s \
		--on-active=$((2 * activation_seconds + confirm_seconds + 60)) \
		/bin/sh "$dir/supervisor.sh" expire "$dir" >>"$dir/log" 2>&1 9>&- || finish no-timer "$?"

	switched=null
	if [ "$action" != boot ]; then
		check
		activate_and_wait
	fi
	[ "$action" = test ] || commit
	finish confirmed "$switched"
}

check() {
	switch "$activated" check
	code=$?
	[ "$code" != 0 ] || return
	# Older systems do not know 'check': they print how they are used.
	grep -qi '^usage' "$dir/log" || finish check-failed "$code"
	: >"$dir/log"
}

activate_and_wait() {
	phase activating
	failed_before=$(failed_units)
	switch "$activated" test
	code=$?
	switched=$code
	case $code in
	0) ;;
	4)
		failed=$({
			failed_units
			sed -n 's/^warning: the following units failed: //p' "$dir/log" | tr -d ' ' | tr ',' '\n'
		} | sort -u | grep -Fvx "${failed_before:-.}")
		if [ -n "$failed" ] && [ "$unit_failures" != accept ]; then
			go_back
			finish units-failed "$code"
		fi
		;;
	1) if untouched; then finish check-failed "$code"; else go_back && finish activation-failed "$code"; fi ;;
	100)
		untouched || { go_back && finish reboot-needed "$code"; }
		if [ "$boot_instead" != yes ] || [ "$action" != switch ]; then finish reboot-needed "$code"; fi
		action=boot
		return
		;;
	124 | 137) go_back && finish timed-out "$code" ;;
	*) go_back && finish activation-failed "$code" ;;
	esac

	phase waiting
	deadline=$(($(seconds) + confirm_seconds))
	until [ "$(cat "$dir/confirm" 2>/dev/null)" = "$token" ]; do
		if [ -e "$dir/reject" ]; then go_back && finish rejected "$switched"; fi
		if [ "$(seconds)" -ge "$deadline" ]; then go_back && finish not-confirmed "$switched"; fi
		sleep 0.2
	done
}

# Whether a reboot comes that runs another kernel than the booted one, on a machine that may fall back from it.
trial_follows() {
	if [ "$trial" != yes ] || [ -z "$old" ] || [ -e /run/systemd/container ]; then return 1; fi
	[ "$reboot" != always ] && [ "$action" != boot ] || return 0
	for part in kernel initrd kernel-modules; do
		[ "$(target "$system/$part")" = "$(target "/run/booted-system/$part")" ] || return 0
	done
	! cmp -s "$system/kernel-params" /run/booted-system/kernel-params
}

# Makes the system that of the next boot.
commit() {
	phase committing
	if [ "$(target "$profile")" != "$system" ]; then
		{ mkdir -p "${profile%/*}" && nix-env -p "$profile" --set "$system"; } >>"$dir/log" 2>&1 9>&- || {
			code=$?
			go_back && finish profile-failed "$code"
		}
	fi
	[ -z "$install_boot_loader" ] || export NIXOS_INSTALL_BOOTLOADER=1
	# Where it is to be tried by one boot first, the boot loader goes on starting the system before.
	if trial_follows; then switch "$old" boot; else switch "$system" boot; fi
	code=$?
	unset NIXOS_INSTALL_BOOTLOADER
	[ "$code" = 0 ] || { go_back && finish boot-loader-failed "$code"; }
}

# The main process is gone and left no result.
recover() {
	old='' old_generation='' started=0
	[ ! -e "$results/$unit.json" ] || exit 0
	: >>"$dir/log"
	# Nothing was touched before the previous system was written down.
	[ -e "$dir/previous" ] || finish killed null
	# shellcheck source=/dev/null
	. "$dir/previous"
	exec 9>"$run/lock"
	flock -w 30 9 || {
		went_back=superseded
		finish killed null
	}
	[ "$(cat "$dir/phase" 2>/dev/null)" != checking ] || finish killed null
	[ ! -e "$dir/hold.sh" ] || { went_back=not-tried && finish killed null; }
	go_back
	finish killed null
}

case $mode in
run) run_switch ;;
hold)
	# shellcheck source=/dev/null
	. "$dir/hold.sh"
	hold
	;;
stopped) recover ;;
expire)
	[ ! -e "$results/$unit.json" ] || exit 0
	systemctl kill --kill-who=main --signal=KILL "$unit.service"
	# Its ExecStopPost goes back; where that does not end either, this is the last line.
	limit=$(($(seconds) + activation_seconds + 30))
	while [ ! -e "$results/$unit.json" ]; do
		if [ "$(systemctl show --property=ActiveState --value "$unit.service")" = inactive ]; then recover; fi
		if [ "$(seconds)" -ge "$limit" ]; then
			systemctl kill --signal=KILL "$unit.service"
			recover
		fi
		sleep 1
	done
	;;
*)
	echo "usage: supervisor.sh run|hold|stopped|expire DIR" >&2
	exit 2
	;;
esac
