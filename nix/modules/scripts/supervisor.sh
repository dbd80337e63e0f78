#!/bin/sh
# Switches this machine to another system with a rollback: profile and boot loader are set to the new system only after the operator
# has confirmed it. In every other case the machine rolls back to the exact path of its previous system. Runs in a transient systemd
# unit, independent of the ssh connection that started it.
#
#   supervisor.sh run DIR      the unit's main process
#   supervisor.sh hold DIR     the same if nixos-rebuild makes the switch; see hold.sh
#   supervisor.sh stopped DIR  the unit's ExecStopPost: rolls back if the main process was killed
#   supervisor.sh watch DIR    the watcher, a separate unit: rolls back if the supervisor was killed with all of its unit, or hangs
#
# DIR/parameters sets: unit host system activated (the system or its specialisation) action (switch, boot, test) profile (a path)
# revision by token activation_seconds confirm_seconds unit_failures boot_instead (yes: if the system refuses the switch, it becomes
# that of the next boot) install_boot_loader (1 or empty) reboot (never, when-needed, always) trial (yes: a reboot is a boot on trial)
# DIR/phase contains the current phase, DIR/log the output of switch-to-configuration. The operator writes DIR/confirm (the token) or
# DIR/reject (the reason). The outcome goes to DIR/result.json, to /var/lib/nixos-fleet/results/UNIT.json, and as one line to
# /var/lib/nixos-fleet/history.jsonl (DIR/result.sh); the last two survive a reboot.
# Two empty files hold where no byte can be written: DIR/confirmed (the operator has confirmed: never roll back because nobody
# finished) and DIR/ended (there is an outcome, even if no result could be written).
set -u
mode=$1 dir=$2
unit='' host='' system='' activated='' action=switch profile=/nix/var/nix/profiles/system revision='' by='' token=''
activation_seconds=600 confirm_seconds=120 unit_failures=rollback boot_instead='' install_boot_loader='' reboot=never trial=''
# shellcheck source=nix/modules/scripts/prelude.sh
. "$dir/prelude.sh"
# shellcheck source=/dev/null
. "$dir/parameters"

roots=/nix/var/nix/gcroots/nixos-fleet
# Folder with the files of transient units.
transient=/run/systemd/transient
# shellcheck source=nix/modules/scripts/lock.sh
. "$dir/lock.sh"
# shellcheck source=nix/modules/scripts/boot-state.sh
. "$dir/boot-state.sh"
# shellcheck source=nix/modules/scripts/result.sh
. "$dir/result.sh"
# shellcheck source=nix/modules/scripts/finish.sh
. "$dir/finish.sh"
# shellcheck source=nix/modules/scripts/recover.sh
. "$dir/recover.sh"

# Written in place, which needs no space: on a full /run an earlier phase would otherwise stay. DIR may have been removed.
phase() {
	folder "$dir"
	printf '%-12s\n' "$1" 1<>"$dir/phase"
	echo "nixos-fleet: $1"
}
# Whether the switch has an outcome.
has_ended() { [ -e "$dir/ended" ] || [ -e "$results/$unit.json" ]; }

# Units that are failed or in a restart loop, one a line. A systemd that is re-executed does not answer for a while.
failed_units() {
	tries=0
	until units=$(systemctl list-units --all --plain --no-legend --no-pager --state=failed,auto-restart 2>/dev/null) ||
		[ "$tries" -ge 150 ]; do
		tries=$((tries + 1))
		sleep 0.2
	done
	[ -z "$units" ] || printf '%s\n' "$units" | sed 's/^[^A-Za-z0-9]* *//; s/[[:space:]].*//; /^$/d' | sort -u
}

# 64 KiB, which must fit on the file system of the log.
filler=0123456789abcdef
while [ ${#filler} -lt 65536 ]; do filler=$filler$filler; done
# boot_run COMMAND…: runs a command with a timeout. Its output goes to a file and then to the journal: a pipe whose reader dies would
# kill switch-to-configuration between stopping and starting units, and so would a file system without space.
boot_run() {
	folder "$dir"
	log=$dir/log
	echo "$filler" 2>/dev/null >"$dir/space" || log=/dev/null
	# Not `:`, whose failed redirection would end the shell.
	true 2>/dev/null >"$dir/space"
	before=$(wc -c 2>/dev/null <"$log")
	timeout -k 10 "$activation_seconds" "$@" >>"$log" 2>&1 7>&- 9>&- </dev/null
	set -- "$?"
	tail -c "+$((${before:-0} + 1))" "$log"
	return "$1"
}
# switch SYSTEM ACTION
switch() { boot_run "$1/bin/switch-to-configuration" "$2"; }

# Rolls back to the recorded previous system, never to "the previous generation". Only if live system, profile and boot loader are
# the recorded ones, the machine is rolled back.
roll_back() {
	phase going-back
	echo 'nixos-fleet: rolling back' >>"$dir/log"
	# The checks of the previous system must not refuse the way back to it.
	export NIXOS_NO_CHECK=1
	touched=$(target "$profile")
	restore_boot "$old_profile" "$old_generation" "$old_default" "$old"
	roll_back_live
	# The first failure is the one to report.
	case $rollback_code:$restored in null:* | 0:[1-9]*) rollback_code=$restored ;; esac
	[ -z "$not_back" ] || went_back=failed
}
roll_back_live() {
	if [ "$action" = boot ]; then
		# Nothing was activated.
		[ "$touched" = "$old_profile" ] || went_back=yes
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
		# The machine is shutting down: it boots the profile's system, which is still the previous one.
		went_back="by-reboot"
		return
	fi
	begun=$(wc -l <"$dir/log")
	switch "$old" test
	rollback_code=$?
	reload_again
	if [ "$(target /run/current-system)" != "$old" ]; then not_back="the live system${not_back:+, }$not_back"; fi
	if [ "$rollback_code" = 0 ] || [ "$rollback_code" = 4 ]; then went_back=yes; else went_back=failed; fi
}

# Reloads what the new system reloaded and the way back did not touch. switch-to-configuration reloads a unit for a new reload trigger,
# and leaves it alone where the trigger is gone again: systemd-networkd would keep the addresses of the new system.
reload_again() {
	back=$(tail -n "+$((begun + 1))" "$dir/log" | units_that stopping starting restarting reloading)
	head -n "$begun" "$dir/log" | units_that reloading | sort -u | grep -Fvx "${back:-.}" | while read -r name; do
		echo "nixos-fleet: reloading $name" >>"$dir/log"
		boot_run systemctl reload "$name"
	done
}
# units_that WORD…: the units that an output of switch-to-configuration names after a word.
units_that() {
	expression=
	for word in "$@"; do expression="$expression
s/^$word the following units: //p"; done
	sed -n "$expression" | tr -d ' ' | tr ',' '\n'
}

# undo OUTCOME EXIT-CODE: rolls back and ends.
undo() {
	roll_back
	finish "$1" "$2"
}

# Whether the switch was refused before it touched anything.
untouched() {
	[ "$(target /run/current-system)" = "$old" ] && [ "$log" != /dev/null ] &&
		! grep -Eq '^(stopping the following|activating the configuration)' "$dir/log"
}

# Takes the lock, ends what earlier runs have left, and records what is live and what boots.
begin_run() {
	old='' old_profile='' old_generation='' old_default='' started=$(date +%s)
	: >>"$dir/log"
	take_lock "$unit" "$by" || finish locked null
	write_text "$run/latest" "$unit"
	end_earlier
	old=$(target /run/current-system) old_profile=$(target "$profile")
	[ -z "$old_profile" ] || old_generation=$(profile_generation)
	old_default=$(boot_default)
	write_text "$dir/previous" "old='$old'
old_profile='$old_profile'
old_generation='$old_generation'
old_default='$old_default'
started='$started'"
	if [ -n "$old" ] && [ "$(readlink "$roots/${old##*/}/system")" != "$old" ]; then
		mkdir -p "$roots/${old##*/}" && ln -sfn "$old" "$roots/${old##*/}/system"
	fi
	[ ! -d "$system/sw/lib/locale" ] || export LOCALE_ARCHIVE="$system/sw/lib/locale/locale-archive"
}

# add_watchers WORD…: adds those that are units or files of watchers of other runs to earlier.
add_watchers() {
	for word in "$@"; do
		word=${word##*/}
		case $word in "$unit"-* | *'*'*) ;; nixos-fleet-*-deadman.*) earlier="$earlier $word" ;; esac
	done
}
# Ends the watchers of earlier runs, which no longer hold the lock, and a trial that was armed and never started.
end_earlier() {
	earlier=''
	add_watchers "$transient"/nixos-fleet-*-deadman.*
	# Without this unit's own file, they lie elsewhere, and systemd lists them. Names of units are words of its list.
	if [ ! -e "$transient/$unit.service" ]; then
		# shellcheck disable=SC2046
		add_watchers $(systemctl list-units --all --plain --no-legend --no-pager 'nixos-fleet-*-deadman.*' 2>/dev/null)
	fi
	# shellcheck disable=SC2086 # names must be split
	[ -z "$earlier" ] || systemctl stop $earlier 9>&- 2>>"$dir/log"
	[ -n "$(boot_once)" ] || [ -e "$trial_folder" ] || [ -e "$trial_units/$trial_service" ] || return 0
	echo 'nixos-fleet: the next boot was to start a system on trial: that is cancelled' >>"$dir/log"
	disarm_trial || echo 'nixos-fleet: the choice for the next boot could not be cleared' >>"$dir/log"
}

run_switch() {
	begin_run
	# Held as long as this process lives: the watcher waits for it.
	exec 7>"$dir/alive"
	flock 7
	phase checking
	systemd-run --quiet --collect --unit="$unit-deadman" /bin/sh "$dir/supervisor.sh" watch "$dir" >>"$dir/log" 2>&1 7>&- 9>&- ||
		finish no-timer "$?"

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
	# Older systems do not know 'check' and print their usage.
	grep -qi '^usage' "$dir/log" || finish check-failed "$code"
	: >"$dir/log"
}

# Whether the operator has confirmed. The file may lack a line break.
has_token() {
	given=''
	[ ! -e "$dir/confirm" ] || read -r given <"$dir/confirm"
	[ "$given" = "$token" ]
}

activate_and_wait() {
	phase activating
	failed_before=$(failed_units)
	limit=$(($(seconds) + activation_seconds))
	switch "$activated" test
	code=$?
	switched=$code
	# Failed units overwrite the exit code of a failed activation script.
	! grep -q '^Failed to run activate script' "$dir/log" || undo activation-failed "$code"
	case $code in
	0) ;;
	4)
		failed=$({
			failed_units
			sed -n 's/^warning: the following units failed: //p' "$dir/log" | tr -d ' ' | tr ',' '\n'
		} | sort -u | grep -Fvx "${failed_before:-.}")
		if [ -n "$failed" ] && [ "$unit_failures" != accept ]; then undo units-failed "$code"; fi
		;;
	# 1: a check or the lock; 2: no NixOS; 11: the lock. Later failures have the same codes.
	1 | 2 | 11) if untouched; then finish check-failed "$code"; else undo activation-failed "$code"; fi ;;
	100)
		untouched || undo reboot-needed "$code"
		if [ "$boot_instead" != yes ] || [ "$action" != switch ]; then finish reboot-needed "$code"; fi
		action=boot
		return
		;;
	124) undo timed-out "$code" ;;
	# Killed by timeout, as the last resort, or by somebody else.
	137) if [ "$(seconds)" -ge "$limit" ]; then undo timed-out "$code"; else undo activation-failed "$code"; fi ;;
	*) undo activation-failed "$code" ;;
	esac

	phase waiting
	deadline=$(($(seconds) + confirm_seconds))
	until has_token; do
		if [ -e "$dir/reject" ]; then
			reason=$(cat "$dir/reject")
			undo rejected "$switched"
		fi
		clock
		if [ "$now" -ge "$deadline" ]; then undo not-confirmed "$switched"; fi
		# The operator finds nothing to confirm where DIR was removed.
		[ -e "$dir/phase" ] || phase waiting
		sleep 0.2
	done
	printf "switched='%s'\n" "$switched" >"$dir/confirmed"
}

# Whether the deployment reboots into another kernel on trial, so that the boot loader must keep starting the previous system.
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
		{ folder "${profile%/*}" 2>>"$dir/log" && boot_run nix-env -p "$profile" --set "$system"; } || {
			code=$?
			undo profile-failed "$code"
		}
	fi
	[ -z "$install_boot_loader" ] || export NIXOS_INSTALL_BOOTLOADER=1
	# Before a boot on trial, the boot loader keeps starting the previous system.
	if trial_follows; then
		set_default "$old"
		code=$?
		# A menu with a limit has no entry for the previous system any more: there is no trial.
		default=$(boot_default)
		if [ "$code" = 0 ] && [ -n "$default" ] && [ "$default" != "$old" ]; then set_default "$system" || code=$?; fi
	else
		set_default "$system"
		code=$?
	fi
	unset NIXOS_INSTALL_BOOTLOADER
	[ "$code" = 0 ] || undo boot-loader-failed "$code"
}

case $mode in
run) run_switch ;;
hold)
	# shellcheck source=/dev/null
	. "$dir/hold.sh"
	hold
	;;
stopped) recover ;;
watch) watch ;;
*)
	echo "usage: supervisor.sh run|hold|stopped|watch DIR" >&2
	exit 2
	;;
esac
