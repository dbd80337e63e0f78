#!/bin/sh
# A boot on trial: boots a system once, and makes it the boot loader's default only after the operator has confirmed it. Until then
# the default is the previous system, so that any other boot starts it.
#
#   trial.sh arm     selects the system for the next boot only, and installs the unit that runs this script at boot. The caller holds
#                    the machine's lock.
#   trial.sh expire  disarms the trial unless the machine is rebooted soon
#   trial.sh boot    in the next boot: waits for the confirmation, or cleans up after a failure. Holds the machine's lock.
#
# /var/lib/nixos-fleet/trial contains: parameters (unit host system previous profile revision by token limit_seconds boot_id, kexec and
# required: yes or empty), this script, the files that it sources, and the operator's confirm (the token) or reject (the reason).
# The result goes to /var/lib/nixos-fleet/results/UNIT.json and to the history, like that of a switch.
set -u
mode=$1
dir=/var/lib/nixos-fleet/trial
unit='' host='' system='' previous='' profile='' revision='' by='' token='' limit_seconds=600 boot_id='' kexec='' required=''
# shellcheck source=nix/modules/scripts/prelude.sh
. "$dir/prelude.sh"
# shellcheck source=/dev/null
. "$dir/parameters"
# shellcheck source=nix/modules/scripts/lock.sh
. "$dir/lock.sh"
# shellcheck source=nix/modules/scripts/boot-state.sh
. "$dir/boot-state.sh"
# shellcheck source=nix/modules/scripts/result.sh
. "$dir/result.sh"
boot_log=$dir/log
# How long an armed trial waits for the machine to go down, in seconds.
expiry_seconds=300
# Make a failing kernel reboot the machine, whatever the system's own parameters are.
panic_parameters='panic=10 boot.panic_on_fail systemd.crash_reboot=yes systemd.watchdog_sec=60'

this_boot() { cat /proc/sys/kernel/random/boot_id; }
last_line() { tail -n "${1:-1}" "$boot_log" | tr '\n' ' '; }

# Whether two systems boot the same kernel, initrd, modules and parameters.
boots_alike() {
	for part in kernel initrd kernel-modules; do
		[ "$(target "$1/$part")" = "$(target "$2/$part")" ] || return 1
	done
	[ "$(cat "$1/kernel-params" 2>/dev/null)" = "$(cat "$2/kernel-params" 2>/dev/null)" ]
}

# A system known to boot: the previous one if it has the booted kernel, else the booted one.
fallback() {
	booted=$(target /run/booted-system)
	if [ -n "$previous" ] && [ "$previous" != "$system" ] && boots_alike "$previous" "$booted"; then
		echo "$previous"
	elif [ -n "$booted" ] && [ "$booted" != "$system" ] && [ -n "$(generation_of "$booted")" ]; then
		echo "$booted"
	elif [ "$previous" != "$system" ]; then
		echo "$previous"
	fi
}

impossible() {
	say state impossible
	say failed "$1"
	boot_log=/dev/null
	disarm_trial || say left "the boot loader's choice for the next boot could not be cleared"
	# The machine is not rebooted: the next boot must not start an untried system.
	if [ "$required" = yes ] && [ -n "$previous" ] && ! default_is "$previous"; then restore; fi
	release_lock
	exit 3
}

# lasts FOLDER: whether its files survive a reboot, as far as the mounts show.
lasts() {
	# shellcheck disable=SC2046 # type and options
	set -- "$1" $(findmnt --noheadings --output FSTYPE,OPTIONS --target "$1" 2>/dev/null | tail -n 1)
	case ${2:-} in
	tmpfs | ramfs) return 1 ;;
	overlay)
		upper=$(printf %s "${3:-}" | sed -n 's/.*upperdir=\([^,]*\).*/\1/p')
		# In the initrd, the root was at /sysroot.
		upper=${upper#/sysroot}
		[ -n "$upper" ] && [ -d "$upper" ] && lasts "$upper"
		;;
	btrfs | zfs | bcachefs)
		# May be reset to an empty snapshot at each boot: then no file in it is older than this boot.
		find "$1" -xdev -maxdepth 3 -type f -exec stat -c %Z {} + 2>/dev/null |
			awk -v since="$(sed -n 's/^btime //p' /proc/stat)" '$1 < since - 5 { found = 1 } END { exit !found }'
		;;
	esac
}

arm() {
	if [ -e /run/systemd/container ]; then impossible 'a container boots no kernel of its own'; fi
	[ "$(target "$profile")" = "$system" ] || impossible "the profile does not name $system"
	previous=$(fallback)
	[ -n "$previous" ] || impossible 'there is no other system to fall back to'
	echo "previous='$previous'" >>"$dir/parameters"
	for folder in /etc "${dir%/*}"; do
		lasts "$folder" || impossible "no file in $folder is known to survive a reboot, and the unit that falls back must"
	done
	read_loader
	[ -n "$kexec" ] || can_choose_once
	# Both systems are in the menu; the previous one is the default.
	set_default "$previous" || impossible "the boot loader could not be set to the previous system: $(last_line 3)"
	if [ "$loader" != other ]; then
		[ -n "$(entry_of "$previous")" ] ||
			impossible "the boot loader has no entry for the previous system $previous: its limit of configurations is too low"
		default_is "$previous" || impossible "the boot loader's default is not the previous system $previous"
		[ -n "$kexec" ] || [ -n "$(entry_of "$system")" ] || impossible "the boot loader has no entry for $system"
	fi
	# The unit before the choice: the system never boots without it.
	install_unit || impossible "$trial_units cannot be written"
	systemd-run --quiet --collect --unit="$trial_expiry" /bin/sh "$dir/trial.sh" expire 9>&- >>"$boot_log" 2>&1 ||
		impossible "systemd-run: $(last_line)"
	sync
	if [ -n "$kexec" ]; then
		method=kexec
		command -v kexec >/dev/null || impossible 'kexec is not on the machine'
		load_kexec "$system" "$panic_parameters" || impossible "kexec: $(last_line)"
	else
		choose_once
	fi
	sync
	say state armed
	say by "$method"
	say previous "$previous"
	release_lock
}

# Whether the boot loader can start a system once; changes nothing.
can_choose_once() {
	case $loader in
	systemd-boot)
		[ -e "$efi/LoaderInfo-$efi_vendor" ] || impossible 'systemd-boot is installed, but it did not start this machine'
		;;
	grub)
		for program in grub-reboot grub-editenv findmnt; do
			command -v "$program" >/dev/null || impossible "$program is not on the machine"
		done
		grub_can_write || impossible "GRUB cannot write to /boot/grub ($place), so it would start the system on trial at every boot"
		;;
	other) impossible 'its boot loader is neither systemd-boot nor GRUB' ;;
	esac
}

# GRUB writes its environment only into blocks of a plain partition, and only on file systems without checksums or copies.
grub_can_write() {
	place=$(findmnt --noheadings --output FSTYPE,MAJ:MIN --target /boot/grub | tail -n 1 | tr -s ' ')
	case $place in ext[234]' '* | vfat' '* | xfs' '*) ;; *) return 1 ;; esac
	device=/sys/dev/block/${place#* }
	device=${device% }
	for part in "$device" "$device/.."; do
		if [ -e "$part/dm" ] || [ -e "$part/md" ]; then
			place="${place%% *} on LVM, RAID or an encrypted disk"
			return 1
		fi
	done
}

# Selects the system for the next boot only.
choose_once() {
	method=$loader
	case $loader in
	systemd-boot)
		read_loader
		sed "s|^options .*|& $panic_parameters|; s|^title .*|& (on trial)|" "$(entry_of "$system")" >"$entries/$trial_entry" ||
			impossible "$entries cannot be written"
		bootctl set-oneshot "$trial_entry" >>"$boot_log" 2>&1 || impossible "bootctl: $(last_line)"
		;;
	grub)
		grub-reboot --boot-directory=/boot "$(entry_of "$system")" >>"$boot_log" 2>&1 || impossible "grub-reboot: $(last_line)"
		;;
	esac
	[ "$(boot_once)" = "$system" ] || impossible "the boot loader did not take $system for the next boot"
}

install_unit() {
	mkdir -p "$trial_units/sysinit.target.wants" || return
	write "$trial_units/$trial_service" <<-UNIT || return
		[Unit]
		Description=nixos-fleet: a system on trial for one boot
		DefaultDependencies=no
		IgnoreOnIsolate=yes
		After=local-fs.target
		RequiresMountsFor=$dir
		Conflicts=shutdown.target
		Before=shutdown.target

		[Service]
		ExecStart=/bin/sh $dir/trial.sh boot
	UNIT
	ln -sfn "../$trial_service" "$trial_units/sysinit.target.wants/$trial_service"
}

expire() {
	sleep "$expiry_seconds"
	take_lock "$unit" "$by" 60 || exit 0
	# Another trial may have been armed meanwhile.
	if grep -qF "$token" "$dir/parameters" 2>/dev/null; then
		echo "nixos-fleet: the machine was not rebooted: the trial of $system is disarmed"
		disarm_trial
	fi
	release_lock
}

# finish OUTCOME WENT-BACK: the result file appears last, after everything else is removed and the lock is released.
finish() {
	mkdir -p "$results"
	cp "$boot_log" "$results/$unit.log" 2>/dev/null
	action=boot activated=$system old=$previous went_back=$2 started=$(stat -c %Y "$dir/parameters")
	record_result "$1" null
	printf '%s\n' "$result" >"$results/$unit.json.part"
	disarm_trial
	sync
	release_lock
	mv "$results/$unit.json.part" "$results/$unit.json"
	sync
	exit 0
}

# Sets profile and boot loader to the previous system. Only if all is back, the result says so.
restore() {
	clear_once || not_back="the boot loader's choice for the next boot"
	before=$(generation_of "$previous")
	restore_boot "$previous" "${before:-0}" "$previous" "$previous"
	rollback_code=$restored
	if [ -z "$not_back" ] && [ "$(target /run/booted-system)" = "$previous" ]; then went_back=yes; else went_back=failed; fi
}

# Logs of the failed boot: its journal and kernel crash dumps.
last_logs() {
	last=$(journalctl --list-boots --no-pager --quiet 2>/dev/null | awk '$1 == -1 { print $2 }')
	if [ -n "$last" ] && [ "$last" != "$(printf %s "$boot_id" | tr -d -)" ]; then
		journalctl --boot=-1 --priority=err --no-pager --output=cat --quiet --lines=20 2>/dev/null
	fi
	for file in /sys/fs/pstore/dmesg-* /var/lib/systemd/pstore/*/dmesg* /var/lib/systemd/pstore/*/*/dmesg*; do
		if [ -n "$(find "$file" -newer "$dir/parameters" 2>/dev/null)" ]; then tail -n 20 "$file"; fi
	done
}

roll_back() {
	printf 'nixos-fleet: %s: rolling back to %s\n' "$1" "$previous" | tee -a "$dir/seen"
	# GRUB may not have cleared it.
	clear_once
	sync
	systemctl reboot
	sleep 120
	systemctl reboot --force
	sleep 60
	systemctl reboot --force --force
	exit 1
}

at_boot() {
	# The lock is new in each boot; whoever has it first is done soon.
	take_lock "$unit" "$by" "$limit_seconds"
	: >>"$boot_log"
	if [ "$(target /run/booted-system)" != "$system" ]; then
		cat "$dir/seen" >>"$boot_log" 2>/dev/null
		last_logs >>"$boot_log"
		restore
		finish trial-failed "$went_back"
	fi
	# The trial is the first boot after the one that armed it.
	if [ ! -e "$dir/booted" ]; then
		this_boot | write "$dir/booted"
		sync
	elif [ "$(cat "$dir/booted")" != "$(this_boot)" ]; then
		if default_is "$system"; then finish confirmed not-needed; fi
		[ -e "$dir/again" ] || {
			: >"$dir/again"
			roll_back 'the boot loader started the system on trial again'
		}
		finish trial-failed failed
	fi
	deadline=$(($(seconds) + limit_seconds))
	until [ "$(cat "$dir/confirm" 2>/dev/null)" = "$token" ]; do
		[ ! -e "$dir/reject" ] || roll_back "$(cat "$dir/reject")"
		[ "$(seconds)" -lt "$deadline" ] || roll_back "not confirmed within $limit_seconds s"
		sleep 0.5
	done
	if set_default "$system"; then finish confirmed not-needed; fi
	restore
	[ -n "$not_back" ] || went_back=not-needed
	finish boot-loader-failed "$went_back"
}

method=
case $mode in
arm) arm ;;
expire) expire ;;
boot) at_boot ;;
*)
	echo "usage: trial.sh arm|expire|boot" >&2
	exit 2
	;;
esac
