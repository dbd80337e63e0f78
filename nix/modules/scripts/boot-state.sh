#!/bin/sh
# What a machine boots next and afterwards: the system profile, the boot loader's default, its entry for the next boot alone, and a
# loaded kexec kernel. They are one state: everything that reads or changes a part of it does so by these functions, and changes
# are made under the machine's lock. Comes after prelude.sh and: profile (path of the system profile).
#
# Boot loaders: systemd-boot, GRUB, and others, whose default cannot be read: it is taken from what was last installed by
# set_default. A system is named by its store path, which entries contain as `init=SYSTEM/init`.
# shellcheck disable=SC2317 # the functions are for the script that follows
: "${profile:=/nix/var/nix/profiles/system}"
# What a rollback could not set back, for its result.
not_back=''
efi=/sys/firmware/efi/efivars
efi_vendor=4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
# Folder whose files survive a reboot.
fleet_state=/var/lib/nixos-fleet
trial_folder=$fleet_state/trial
# The entry for a boot on trial.
trial_entry=fleet-trial.conf
# Units in this folder belong to no configuration.
trial_units=/etc/systemd/system.control
trial_service=nixos-fleet-trial.service
trial_expiry=nixos-fleet-trial-expiry.service
loaded_kexec=/run/nixos-fleet/kexec

# boot_run COMMAND…: runs a command that may hang. A script that keeps a log defines its own.
boot_run() { timeout -k 10 "${boot_seconds:-600}" "$@" >>"${boot_log:-/dev/null}" 2>&1 9>&- </dev/null; }

# --- Profile

# The number of the profile's generation; empty if there is no profile.
profile_generation() {
	set -- "$(readlink "$profile")"
	set -- "${1%-link}"
	case ${1##*-} in *[!0-9]*) ;; *) echo "${1##*-}" ;; esac
}
# generation_of SYSTEM: the number of its newest generation.
generation_of() {
	for link in "$profile"-*-link; do
		[ "$(target "$link")" = "$1" ] || continue
		set -- "$1" "${link%-link}"
		echo "${2##*-}"
	done | sort -n | tail -n 1
}

# --- Entries of the boot loader

# efi_variable NAME: sets efi_text to the contents of an EFI variable of the boot loader, without its attributes. By a pipe: tail seeks in
# a file, which efivarfs refuses.
# shellcheck disable=SC2002
efi_variable() {
	efi_text=''
	[ ! -e "$efi/$1-$efi_vendor" ] || efi_text=$(cat "$efi/$1-$efi_vendor" 2>/dev/null | tail -c +5 | tr -d '\000')
}

# The folders that may contain systemd-boot's files: $BOOT, then the EFI system partition.
loader_folders() {
	bootctl --print-boot-path 2>/dev/null
	bootctl --print-esp-path 2>/dev/null
	printf '%s\n' /boot /efi /boot/efi
}
# first_folder NAME: the first of these folders that contains NAME.
first_folder() {
	loader_folders | while read -r folder; do
		if [ -n "$folder" ] && [ -e "$folder/$1" ]; then
			echo "$folder"
			break
		fi
	done
}
# Sets loader to systemd-boot (also where a container only keeps its entries), grub or other; and entries and loader_conf to the folder
# of systemd-boot's entries and to its settings, empty where there are none. bootctl is slow: this calls it once for all of them.
read_loader() {
	entries='' loader_conf=''
	while read -r loader_folder; do
		[ -n "$loader_folder" ] || continue
		if [ -z "$entries" ] && [ -e "$loader_folder/loader/entries" ]; then entries=$loader_folder/loader/entries; fi
		if [ -z "$loader_conf" ] && [ -e "$loader_folder/loader/loader.conf" ]; then loader_conf=$loader_folder/loader/loader.conf; fi
	done <<-FOLDERS
		$(loader_folders)
	FOLDERS
	if [ -n "$entries" ]; then loader=systemd-boot; else loader=other; fi
	if [ -e /boot/grub/grub.cfg ]; then
		efi_variable LoaderInfo
		case $loader:$efi_text in systemd-boot:systemd-boot*) ;; *) loader=grub ;; esac
	fi
}

# init_of FILE: the system that an entry of systemd-boot starts.
init_of() { sed -n 's|^options \(.* \)\{0,1\}init=\([^ ]*\)/init\( .*\)\{0,1\}$|\2|p' "$1" 2>/dev/null; }

# GRUB's entries, one a line: its place in the first menu (from 0), its name for grub-reboot ("NixOS - All configurations>NixOS -
# Configuration 12"), and the system that it starts, separated by tabs.
grub_entries() {
	awk '
		BEGIN { top = -1 }
		/^[[:space:]]*(submenu|menuentry)[[:space:]]/ {
			if (depth == 0) top++
			quote = match($0, /["\047]/) ? substr($0, RSTART, 1) : " "
			split($0, part, quote)
			titles[++depth] = part[2]
			listed = 0
		}
		match($0, /[[:space:]]init=[^[:space:]]*\/init([[:space:]]|$)/) && depth > 0 && !listed {
			path = ""
			for (i = 1; i <= depth; i++) path = path (i > 1 ? ">" : "") titles[i]
			system_path = substr($0, RSTART, RLENGTH)
			gsub(/[[:space:]]/, "", system_path)
			print top "\t" path "\t" substr(system_path, 6, length(system_path) - 10)
			listed = 1
		}
		/^[[:space:]]*}[[:space:]]*$/ && depth > 0 { depth-- }
	' /boot/grub/grub.cfg
}
# grub_system ENTRY: the system of an entry, which is named by its place in the first menu or by its titles.
grub_system() {
	grub_entries | ENTRY=$1 awk -F '\t' '$2 == ENVIRON["ENTRY"] || $1 == ENVIRON["ENTRY"] { print $3; exit }'
}
# grub_variable NAME: a variable of GRUB's environment.
grub_variable() { sed -n "s/^$1=//p" /boot/grub/grubenv 2>/dev/null; }

# entry_of SYSTEM: the entry that starts a system: a file of systemd-boot, or GRUB's name.
entry_of() {
	read_loader
	case $loader in
	systemd-boot)
		for file in "$entries"/*.conf; do
			[ "${file##*/}" = "$trial_entry" ] || [ "$(init_of "$file")" != "$1" ] || {
				echo "$file"
				return
			}
		done
		;;
	grub) grub_entries | SYSTEM=$1 awk -F '\t' '$3 == ENVIRON["SYSTEM"] { print $2; exit }' ;;
	esac
}

# choose PATTERN [failing]: sets chosen to the system of the entry in $entries that systemd-boot takes for a pattern of names: of several
# the newest, and those without a try left last. With `failing`, these do not count. Empty if there is none, `unknown` if the order is.
choose() {
	pattern=${1%.conf} failing=${2:-} chosen=''
	[ -n "$pattern" ] || return 0
	set --
	for file in "$entries"/*.conf; do
		[ -e "$file" ] || continue
		name=${file##*/}
		name=${name%.conf}
		# With boot counting, a name ends with the tries: +3, or +2-1.
		case $name in *+0 | *+0-*) [ -z "$failing" ] || continue ;; esac
		case $name in *+[0-9]*) name=${name%+*} ;; esac
		# shellcheck disable=SC2254 # a pattern
		case $name in $pattern) set -- "$@" "$file" ;; esac
	done
	[ $# -gt 0 ] || return 0
	# One process for all entries, of which a machine may have a hundred.
	chosen=$(awk '
		BEGIN { for (i = 1; i < ARGC; i++) { at[ARGV[i]] = i; failed[i] = ARGV[i] ~ /[+]0(-[^\/]*)?[.]conf$/ } }
		{ entry = at[FILENAME] }
		/^sort-key/ { value = $0; sub(/^sort-key[ \t]*/, "", value); key[entry] = value }
		/^version Generation / { number[entry] = $3 + 0 }
		/^options / {
			for (i = 2; i <= NF; i++)
				if ($i ~ /^init=.*\/init$/) system_path[entry] = substr($i, 6, length($i) - 10)
		}
		END {
			best = 1
			for (i = 2; i < ARGC; i++)
				if (failed[i] < failed[best] || (failed[i] == failed[best] && number[i] + 0 > number[best] + 0)) best = i
			for (i = 1; i < ARGC; i++)
				if (failed[i] == failed[best] && system_path[i] != system_path[best] &&
					(key[best] == "" || key[i] != key[best] || number[i] + 0 == number[best] + 0)) unknown = 1
			print unknown || system_path[best] == "" ? "unknown" : system_path[best]
		}
	' "$@" 2>/dev/null)
}

# --- Reading

# loader_setting NAME: sets setting to the last value in loader.conf.
loader_setting() {
	setting=''
	[ -e "$loader_conf" ] || return 0
	while read -r loader_name loader_value || [ -n "$loader_name" ]; do
		[ "$loader_name" != "$1" ] || setting=$loader_value
	done <"$loader_conf"
}
# `preferred` (systemd 260), which NixOS writes where boots are counted, skips entries without a try left.
systemd_boot_default() {
	efi_variable LoaderEntryPreferred
	choose "$efi_text" failing
	[ -n "$chosen" ] || {
		efi_variable LoaderEntryDefault
		choose "$efi_text"
	}
	[ -n "$chosen" ] || {
		loader_setting preferred
		choose "$setting" failing
	}
	[ -n "$chosen" ] || {
		loader_setting default
		choose "$setting"
	}
	[ "$chosen" = unknown ] || echo "$chosen"
}

# The system that the boot loader starts by default; empty if that is unknown.
boot_default() {
	read_loader
	case $loader in
	systemd-boot) systemd_boot_default ;;
	grub)
		default=$(sed -n 's/^[[:space:]]*set default=//p' /boot/grub/grub.cfg | tr -d \''"' | grep -v next_entry | tail -n 1)
		case $default in *saved_entry*) default=$(grub_variable saved_entry) ;; esac
		grub_system "${default:-0}"
		;;
	other)
		# Valid until somebody else changes the profile.
		[ "$(sed -n 's/^profile=//p' "$fleet_state/default" 2>/dev/null)" != "$(readlink "$profile")" ] ||
			sed -n 's/^system=//p' "$fleet_state/default" 2>/dev/null
		;;
	esac
}

# A container sees its host's.
kexec_is_loaded() { [ ! -e /run/systemd/container ] && [ "$(cat /sys/kernel/kexec_loaded 2>/dev/null)" = 1 ]; }

# The system that only the next boot starts: the one of a loaded kexec kernel, or of the boot loader's entry. Empty if there is none,
# `unknown` if its system cannot be read.
boot_once() {
	if kexec_is_loaded; then
		cat "$loaded_kexec" 2>/dev/null || echo unknown
		return
	fi
	read_loader
	case $loader in
	systemd-boot)
		efi_variable LoaderEntryOneShot
		once=$efi_text
		[ -z "$once" ] || {
			choose "$once"
			once=${chosen:-unknown}
		}
		;;
	grub)
		once=$(grub_variable next_entry)
		[ -z "$once" ] || once=$(grub_system "$once" | grep . || echo unknown)
		;;
	*) once='' ;;
	esac
	[ -z "$once" ] || echo "$once"
}

# The system that the next boot starts; empty if that is unknown.
boot_next() {
	set -- "$(boot_once)"
	case $1 in '') boot_default ;; unknown) ;; *) echo "$1" ;; esac
}

# --- Changes

# set_default SYSTEM: makes a system the boot loader's default, and renews the menu of all generations. Returns the exit code of its
# switch-to-configuration. The menu is on the disk afterwards: not every installer sees to that, and FAT, which has no journal, may
# lose a file that was replaced shortly before a power cut.
set_default() {
	boot_run "$1/bin/switch-to-configuration" boot
	set -- "$1" "$?"
	boot_run sync
	[ "$2" = 0 ] || return "$2"
	folder "$fleet_state"
	write_text "$fleet_state/default" "system=$1
profile=$(readlink "$profile")"
	return 0
}
# default_is SYSTEM: whether the boot loader is known to start it by default.
default_is() { [ "$(boot_default)" = "$1" ]; }

# load_kexec SYSTEM [PARAMETERS]: loads its kernel, which the next reboot starts.
load_kexec() {
	clear_kexec
	boot_run kexec --load "$1/kernel" --initrd="$1/initrd" --command-line="init=$1/init $(cat "$1/kernel-params")${2:+ $2}" &&
		mkdir -p "${loaded_kexec%/*}" && echo "$1" | write "$loaded_kexec"
}
clear_kexec() {
	if kexec_is_loaded; then boot_run kexec --unload; fi
	rm -f "$loaded_kexec"
}

# Clears the choice for the next boot alone and unloads a kexec kernel. Fails if one of them remains.
clear_once() {
	clear_kexec
	read_loader
	case $loader in
	systemd-boot)
		if [ -e "$efi/LoaderEntryOneShot-$efi_vendor" ]; then bootctl set-oneshot '' >/dev/null 2>&1; fi
		rm -f "$entries/$trial_entry"
		;;
	grub) [ -z "$(grub_variable next_entry)" ] || grub-editenv /boot/grub/grubenv unset next_entry >/dev/null 2>&1 ;;
	esac
	[ -z "$(boot_once)" ]
}

# Ends a trial that is armed, or removes what one has left. Fails if the next boot still has a choice of its own.
disarm_trial() {
	clear_once
	set -- "$?"
	if [ -e "$trial_units/$trial_service" ]; then
		rm -f "$trial_units/sysinit.target.wants/$trial_service" "$trial_units/$trial_service"
		rmdir "$trial_units/sysinit.target.wants" "$trial_units" 2>/dev/null
		systemctl daemon-reload 2>/dev/null
	fi
	rm -rf "$trial_folder"
	systemctl stop --no-block "$trial_expiry" 2>/dev/null
	return "$1"
}

# restore_boot SYSTEM GENERATION DEFAULT LIVE: sets the profile and the boot loader's default back to these recorded ones, each as far
# as it can be, and lists the others in not_back. SYSTEM is empty if there was no profile, GENERATION if it was a link to the system
# itself, DEFAULT if it could not be read; then SYSTEM, or LIVE, is installed. Sets restored to the exit code of that, or to null if
# nothing had to be installed.
restore_boot() {
	restored=null replaced=$(target "$profile")
	if [ "$replaced" != "$1" ]; then
		ours=$(profile_generation)
		if [ -z "$1" ]; then
			rm -f "$profile" "$profile-$ours-link"
		elif [ -z "$2" ]; then
			# A link to the system itself.
			ln -sfn "$1" "$profile" && rm -f "$profile-$ours-link"
		else
			# The recorded generation may have been removed meanwhile.
			if [ "$(target "$profile-$2-link")" != "$1" ] || ! boot_run nix-env -p "$profile" --switch-generation "$2"; then
				boot_run nix-env -p "$profile" --set "$1"
			fi
			if [ "$(target "$profile")" = "$1" ] && [ -n "$ours" ]; then
				boot_run nix-env -p "$profile" --delete-generations "$ours"
			fi
		fi
		[ "$(target "$profile")" = "$1" ] || not_back="$not_back${not_back:+, }the system profile"
	fi
	if [ "$replaced" != "$1" ] || ! default_is "$3"; then
		# Also if the profile could not be set: the recorded system is the one to boot.
		for candidate in "$3" "$1" "$4"; do
			[ -n "$candidate" ] || continue
			set_default "$candidate"
			restored=$?
			[ "$restored" != 0 ] || break
		done
	fi
	case $restored in null | 0) [ -z "$3" ] || default_is "$3" ;; *) false ;; esac ||
		not_back="$not_back${not_back:+, }the boot loader's default"
}
