#!/bin/sh
# One boot on trial: a system is booted once, and becomes what the boot loader starts only when an operator has confirmed
# it from outside. Whatever else happens, the boot after that is of the system before: the boot loader names it throughout.
#
#   trial.sh arm   picks the system for the next boot alone, and arms what watches over it
#   trial.sh boot  at every boot until the trial is over: waits for the confirmation, or clears up after a failure
#
# /var/lib/nixos-fleet/trial holds: parameters (unit host system previous profile revision by token limit_seconds boot_id
# kexec: yes or empty), this script, prelude.sh, result.sh, grub-entry.awk, and what the operator writes: confirm (the token), or reject.
# The outcome goes to /var/lib/nixos-fleet/results/UNIT.json and to the history, as that of a switch.
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
# Units that are put there stay over a boot, and belong to no configuration.
units=/etc/systemd/system.control
service=nixos-fleet-trial.service
entry=fleet-trial.conf
# What makes a kernel that fails start the machine anew, whatever the system's own parameters say.
insurance='panic=10 boot.panic_on_fail systemd.crash_reboot=yes systemd.watchdog_sec=60'

generation_of() {
	for link in "$profile"-*-link; do
		[ "$(target "$link")" = "$1" ] || continue
		set -- "$1" "${link%-link}"
		echo "${2##*-}"
		return
	done
}

# Where boot loader entries are.
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
# Whether a boot of one runs the same kernel, with the same initrd, modules and parameters, as a boot of the other.
boots_alike() {
	for part in kernel initrd kernel-modules; do
		[ "$(target "$1/$part")" = "$(target "$2/$part")" ] || return 1
	done
	[ "$(cat "$1/kernel-params" 2>/dev/null)" = "$(cat "$2/kernel-params" 2>/dev/null)" ]
}

# What is known to boot: the system that ran before the deployment, where its kernel is the booted one, else the booted one.
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
	# Both are in the menu, and the one before is what is started.
	"$previous/bin/switch-to-configuration" boot >"$dir/log" 2>&1 </dev/null ||
		impossible "the boot loader could not be set to the system before: $(tail -n 3 "$dir/log" | tr '\n' ' ')"
	if [ -n "$kexec" ]; then
		command -v kexec >/dev/null || impossible 'there is no kexec on the machine'
		# shellcheck disable=SC2086 # words
		kexec --load "$system/kernel" --initrd="$system/initrd" \
			--command-line="init=$system/init $(cat "$system/kernel-params") $insurance" >>"$dir/log" 2>&1 ||
			impossible "kexec: $(tail -n 1 "$dir/log")"
		by_way=kexec
	else
		once
	fi
	watch_over || impossible "$units cannot be written"
	sync
	say state armed
	say by "$by_way"
	say previous "$previous"
}

# Picks the system for one boot.
once() {
	folder=$(boot_folder)
	if [ -n "$folder" ]; then
		[ -e /sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f ] ||
			impossible 'systemd-boot is installed, but it did not start this machine'
		of=$(entry_of "$folder")
		[ -n "$of" ] || impossible "the boot loader has no entry for $system"
		sed "s|^options .*|& $insurance|; s|^title .*|& (on trial)|" "$of" >"$folder/loader/entries/$entry" ||
			impossible "$folder cannot be written"
		bootctl set-oneshot "$entry" >>"$dir/log" 2>&1 || impossible "bootctl: $(tail -n 1 "$dir/log")"
		by_way=systemd-boot
	elif [ -e /boot/grub/grub.cfg ]; then
		command -v grub-reboot >/dev/null || impossible 'there is no grub-reboot on the machine'
		name=$(awk -v init="init=$system/init" -f "$dir/grub-entry.awk" /boot/grub/grub.cfg)
		[ -n "$name" ] || impossible "GRUB has no entry for $system"
		grub-reboot --boot-directory=/boot "$name" >>"$dir/log" 2>&1 || impossible "grub-reboot: $(tail -n 1 "$dir/log")"
		by_way=grub
	else
		impossible 'its boot loader is neither systemd-boot nor GRUB'
	fi
}

watch_over() {
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

# Nothing of the trial is left but its outcome.
disarm() {
	rm -f "$units/sysinit.target.wants/$service" "$units/$service"
	rmdir "$units/sysinit.target.wants" "$units" 2>/dev/null
	folder=$(boot_folder)
	if [ -n "$folder" ]; then rm -f "$folder/loader/entries/$entry"; fi
	command -v bootctl >/dev/null && bootctl set-oneshot '' >/dev/null 2>&1
	systemctl daemon-reload 2>/dev/null
	return 0
}

# finish OUTCOME WENT-BACK: the result appears when nothing else of the trial is left.
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

# The profile names the system before again.
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

# What the boot on trial left behind, for whoever asks why.
seen() {
	last=$(journalctl --list-boots --no-pager --quiet 2>/dev/null | awk '$1 == -1 { print $2 }')
	if [ -n "$last" ] && [ "$last" != "$(printf %s "$boot_id" | tr -d -)" ]; then
		journalctl --boot=-1 --priority=err --no-pager --output=cat --quiet --lines=20 2>/dev/null
	fi
	for file in /sys/fs/pstore/dmesg-* /var/lib/systemd/pstore/*/dmesg* /var/lib/systemd/pstore/*/*/dmesg*; do
		if [ -n "$(find "$file" -newer "$dir/parameters" 2>/dev/null)" ]; then tail -n 20 "$file"; fi
	done
}

go_back() {
	printf 'nixos-fleet: %s: going back to %s\n' "$1" "$previous" | tee -a "$dir/seen"
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
		seen >>"$dir/log"
		restore_profile
		finish trial-failed yes
	fi
	deadline=$(($(seconds) + limit_seconds))
	until [ "$(cat "$dir/confirm" 2>/dev/null)" = "$token" ]; do
		if [ -e "$dir/reject" ]; then
			go_back "$(cat "$dir/reject")"
			exit 1
		fi
		if [ "$(seconds)" -ge "$deadline" ]; then
			go_back "not confirmed within $limit_seconds s"
			exit 1
		fi
		sleep 0.5
	done
	if "$system/bin/switch-to-configuration" boot >>"$dir/log" 2>&1 </dev/null; then finish confirmed not-needed; fi
	restore_profile
	finish boot-loader-failed not-needed
}

by_way=
case $mode in
arm) arm ;;
boot) at_boot ;;
*)
	echo "usage: trial.sh arm|boot" >&2
	exit 2
	;;
esac
