#!/bin/sh
# A boot on trial: boots a system once, and makes it the boot loader's default only after the operator has confirmed it. Until then
# the default is the previous system, so that any other boot starts it.
#
#   trial.sh arm   selects the system for the next boot only, and installs the unit that runs this script at boot
#   trial.sh boot  at every boot until the trial has ended: waits for the confirmation, or cleans up after a failure
#
# /var/lib/nixos-fleet/trial contains: parameters (unit host system previous profile revision by token limit_seconds boot_id kexec: yes
# or empty), this script, prelude.sh, result.sh, grub-entry.awk, and the operator's confirm (the token) or reject (the reason).
# The result goes to /var/lib/nixos-fleet/results/UNIT.json and to the history, like that of a switch.
set -u
mode=$1
dir=/var/lib/nixos-fleet/trial
unit='' host='' system='' previous='' profile='' revision='' by='' token='' limit_seconds=600 boot_id='' kexec=''
# shellcheck source=lib/machine/script/prelude.sh
. "$dir/prelude.sh"
# shellcheck source=/dev/null
. "$dir/parameters"
# shellcheck source=lib/machine/switch/result.sh
. "$dir/result.sh"
# Units in this folder survive a reboot and belong to no configuration.
units=/etc/systemd/system.control
service=nixos-fleet-trial.service
entry=fleet-trial.conf
# Make a failing kernel reboot the machine, whatever the system's own parameters are.
panic_parameters='panic=10 boot.panic_on_fail systemd.crash_reboot=yes systemd.watchdog_sec=60'

generation_of() {
	for link in "$profile"-*-link; do
		[ "$(target "$link")" = "$1" ] || continue
		set -- "$1" "${link%-link}"
		echo "${2##*-}"
		return
	done
}

# The folder with the boot loader's entries.
boot_folder() {
	for folder in "$(bootctl --print-boot-path 2>/dev/null)" "$(bootctl --print-esp-path 2>/dev/null)" /boot /efi /boot/efi; do
		if [ -n "$folder" ] && [ -d "$folder/loader/entries" ]; then
			echo "$folder"
			return
		fi
	done
}
entry_of() {
	for file in "$1"/loader/entries/*.conf; do
		[ "${file##*/}" != "$entry" ] || continue
		if sed -n 's/^options //p' "$file" 2>/dev/null | tr ' ' '\n' | grep -qxF "init=$system/init"; then
			echo "$file"
			return
		fi
	done
}
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
	disarm
	fail "$1"
}

arm() {
	if [ -e /run/systemd/container ]; then impossible 'a container boots no kernel of its own'; fi
	[ "$(target "$profile")" = "$system" ] || impossible "the profile does not name $system"
	previous=$(fallback)
	[ -n "$previous" ] || impossible 'there is no other system to fall back to'
	echo "previous='$previous'" >>"$dir/parameters"
	# Both systems are in the menu; the previous one is the default.
	"$previous/bin/switch-to-configuration" boot >"$dir/log" 2>&1 </dev/null ||
		impossible "the boot loader could not be set to the previous system: $(tail -n 3 "$dir/log" | tr '\n' ' ')"
	if [ -n "$kexec" ]; then
		command -v kexec >/dev/null || impossible 'kexec is not on the machine'
		# shellcheck disable=SC2086 # parameters must be split
		kexec --load "$system/kernel" --initrd="$system/initrd" \
			--command-line="init=$system/init $(cat "$system/kernel-params") $panic_parameters" >>"$dir/log" 2>&1 ||
			impossible "kexec: $(tail -n 1 "$dir/log")"
		method=kexec
	else
		once
	fi
	install_unit || impossible "$units cannot be written"
	sync
	say state armed
	say by "$method"
	say previous "$previous"
}

# Selects the system for the next boot only.
once() {
	folder=$(boot_folder)
	if [ -n "$folder" ]; then
		[ -e /sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f ] ||
			impossible 'systemd-boot is installed, but it did not start this machine'
		of=$(entry_of "$folder")
		[ -n "$of" ] || impossible "the boot loader has no entry for $system"
		sed "s|^options .*|& $panic_parameters|; s|^title .*|& (on trial)|" "$of" >"$folder/loader/entries/$entry" ||
			impossible "$folder cannot be written"
		bootctl set-oneshot "$entry" >>"$dir/log" 2>&1 || impossible "bootctl: $(tail -n 1 "$dir/log")"
		method=systemd-boot
	elif [ -e /boot/grub/grub.cfg ]; then
		command -v grub-reboot >/dev/null || impossible 'grub-reboot is not on the machine'
		name=$(awk -v init="init=$system/init" -f "$dir/grub-entry.awk" /boot/grub/grub.cfg)
		[ -n "$name" ] || impossible "GRUB has no entry for $system"
		grub-reboot --boot-directory=/boot "$name" >>"$dir/log" 2>&1 || impossible "grub-reboot: $(tail -n 1 "$dir/log")"
		method=grub
	else
		impossible 'its boot loader is neither systemd-boot nor GRUB'
	fi
}

install_unit() {
	mkdir -p "$units/sysinit.target.wants" || return
	write "$units/$service" <<-UNIT || return
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
	ln -sfn "../$service" "$units/sysinit.target.wants/$service"
}

# Removes all files of the trial except its result.
disarm() {
	rm -f "$units/sysinit.target.wants/$service" "$units/$service"
	rmdir "$units/sysinit.target.wants" "$units" 2>/dev/null
	folder=$(boot_folder)
	if [ -n "$folder" ]; then rm -f "$folder/loader/entries/$entry"; fi
	command -v bootctl >/dev/null && bootctl set-oneshot '' >/dev/null 2>&1
	systemctl daemon-reload 2>/dev/null
	return 0
}

# finish OUTCOME WENT-BACK: the result file appears last, after everything else is removed.
finish() {
	mkdir -p "$results"
	cp "$dir/log" "$results/$unit.log" 2>/dev/null
	action=boot activated=$system old=$previous went_back=$2 started=$(stat -c %Y "$dir/parameters")
	result_json "$1" null >"$results/$unit.json.part"
	disarm
	rm -rf "$dir"
	mv "$results/$unit.json.part" "$results/$unit.json"
	sync
	exit 0
}

# Resets the profile to the previous system.
restore_profile() {
	[ "$(target "$profile")" = "$system" ] || return 0
	ours=$(readlink "$profile")
	ours=${ours%-link}
	before=$(generation_of "$previous")
	[ -n "$before" ] || return 0
	nix-env -p "$profile" --switch-generation "$before" >>"$dir/log" 2>&1 &&
		nix-env -p "$profile" --delete-generations "${ours##*-}" >>"$dir/log" 2>&1
	"$previous/bin/switch-to-configuration" boot >>"$dir/log" 2>&1 </dev/null
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
	sync
	systemctl reboot
	sleep 120
	systemctl reboot --force
	sleep 60
	systemctl reboot --force --force
}

at_boot() {
	: >>"$dir/log"
	if [ "$(target /run/booted-system)" != "$system" ]; then
		cat "$dir/seen" >>"$dir/log" 2>/dev/null
		last_logs >>"$dir/log"
		restore_profile
		finish trial-failed yes
	fi
	deadline=$(($(seconds) + limit_seconds))
	until [ "$(cat "$dir/confirm" 2>/dev/null)" = "$token" ]; do
		if [ -e "$dir/reject" ]; then
			roll_back "$(cat "$dir/reject")"
			exit 1
		fi
		if [ "$(seconds)" -ge "$deadline" ]; then
			roll_back "not confirmed within $limit_seconds s"
			exit 1
		fi
		sleep 0.5
	done
	if "$system/bin/switch-to-configuration" boot >>"$dir/log" 2>&1 </dev/null; then finish confirmed not-needed; fi
	restore_profile
	finish boot-loader-failed not-needed
}

method=
case $mode in
arm) arm ;;
boot) at_boot ;;
*)
	echo "usage: trial.sh arm|boot" >&2
	exit 2
	;;
esac
