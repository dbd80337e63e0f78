#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these
# switch-to-configuration switch|boot|test|check|dry-activate
# In the order of NixOS's own, with its words and its exit codes: 1 a check or the boot loader failed, 2 the activation failed,
# 4 units failed, 100 only a restart can bring this system. An unexpected end is not papered over.
set -u
PATH=$busybox/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
action=${1-}
case $action in
switch | boot | test | check | dry-activate) ;;
*)
	cat >&2 <<-USAGE
		Usage: $0 [switch|boot|test|check|dry-activate]

		switch:       make the configuration the boot default and activate now
		boot:         make the configuration the boot default
		test:         activate the configuration, but don't make it the boot default
		check:        run pre-switch checks and exit
		dry-activate: show what would be done if this configuration were activated
	USAGE
	exit 1
	;;
esac
NIXOS_ACTION=$action
export NIXOS_ACTION

[ -e /etc/NIXOS ] || grep -q '^ID="\{0,1\}nixos"\{0,1\}$' /etc/os-release || {
	echo "This is not a NixOS installation!" >&2
	exit 1
}

mkdir -p /run/nixos
exec 8>/run/nixos/switch-to-configuration.lock
flock -n 8 || {
	echo "Could not acquire lock" >&2
	exit 1
}

current=$(readlink -f /run/current-system 2>/dev/null)
if [ -z "${NIXOS_NO_CHECK-}" ] && [ "$action" != dry-activate ]; then
	# A restart gets past inhibitors, so `boot` is not held up by them.
	against=$current
	[ "$action" != boot ] || against=$system
	"$system/pre-switch-checks" "$against" "$system" "$action" 8>&- || {
		echo "Pre-switch checks failed" >&2
		exit 1
	}
fi
[ "$action" != check ] || exit 0

if [ "$action" = switch ] || [ "$action" = boot ]; then
	"$system/bin/boot-entries" 8>&- || {
		echo "Failed to install bootloader" >&2
		exit 1
	}
	[ -n "${NIXOS_NO_SYNC-}" ] || sync -f /nix/store 2>/dev/null || sync
	[ "$action" != boot ] || exit 0
fi

if [ -e "$current/init-interface-version" ] && ! cmp -s "$current/init-interface-version" "$system/init-interface-version"; then
	echo "Warning: the new NixOS configuration has an 'init' that is incompatible with the current configuration." >&2
	echo "The new configuration won't take effect until you reboot the system." >&2
	exit 100
fi

# Lists of units, one a line. Those in /run/nixos outlive an interrupted run, so that the next one goes on.
work=$(mktemp -d /run/nixos/switch.XXXXXX)
trap 'rm -rf "$work"' EXIT
for list in stop skip reload restart start; do : >"$work/$list"; done
# A list in NixOS's words: sorted, with commas.
named() { sort -u "$1" | tr '\n' ',' | sed 's/,$//; s/,/, /g'; }
announce() { [ ! -s "$2" ] || echo "$1: $(named "$2")" >&2; }

old_units=$(readlink -f /etc/static)/systemd/system
new_units=$system/etc/systemd/system
# says UNIT KEY VALUE: whether the new unit says so.
says() { grep -qx "$2=$3" "$new_units/$1" 2>/dev/null; }
# Everything a folder says of a unit: its file and its drop-ins.
whole() { cat "$1/$2" "$1/$2".d/*.conf 2>/dev/null; }
units_in() {
	[ ! -d "$1" ] || (cd "$1" && find . -mindepth 1 -maxdepth 2 \( -name '*.service' -o -name '*.timer' -o -name '*.socket' \
		-o -name '*.path' -o -name '*.mount' -o -name '*.target' -o -path './*.d/*' \) ! -path './*.wants/*' ! -path './*.requires/*') |
		sed 's|^\./||; s|\.d/.*||' | sort -u
}
active() { systemctl is-active --quiet "$1"; }
# Starting and reloading count as running.
running() {
	case $(systemctl show --property=ActiveState --value "$1") in active | activating | reloading) return 0 ;; *) return 1 ;; esac
}

for unit in $( (units_in "$old_units"; units_in "$new_units") | sort -u); do
	running "$unit" || continue
	if [ "$(readlink "$new_units/$unit" 2>/dev/null)" ] && [ "$(readlink -f "$new_units/$unit")" = /dev/null ]; then
		echo "$unit" >>"$work/stop" # masked from now on
	elif [ ! -e "$new_units/$unit" ] && [ ! -d "$new_units/$unit.d" ]; then
		# Only drop-ins are gone where the unit itself is Debian's.
		if [ -e "$old_units/$unit" ]; then echo "$unit" >>"$work/stop"; else echo "$unit" >>"$work/restart"; fi
	elif [ "$(whole "$old_units" "$unit")" != "$(whole "$new_units" "$unit")" ]; then
		case $unit in *.target) continue ;; esac
		if says "$unit" X-ReloadIfChanged true; then
			echo "$unit" >>"$work/reload"
		elif says "$unit" X-RestartIfChanged false || says "$unit" RefuseManualStop true || says "$unit" X-OnlyManualStart true; then
			echo "$unit" >>"$work/skip"
		elif says "$unit" X-StopIfChanged false || [ ! -e "$new_units/$unit" ]; then
			echo "$unit" >>"$work/restart"
		else
			echo "$unit" >>"$work/stop"
			echo "$unit" >>"$work/start"
		fi
	fi
done
# What the new system wants and does not run.
for link in "$new_units"/*.wants/* "$new_units"/*.requires/*; do
	unit=${link##*/}
	[ -e "$new_units/$unit" ] || continue
	[ "$(readlink -f "$new_units/$unit")" != /dev/null ] || continue
	folder=${link%/*}
	target=${folder##*/}
	active "${target%.*}" || [ "${target%.*}" = multi-user.target ] || continue
	running "$unit" || echo "$unit" >>"$work/wanted"
done
touch "$work/wanted"
sort -u "$work/start" >"$work/sorted" && sort -u "$work/wanted" | comm -13 "$work/sorted" - >"$work/new"

# Whether systemd re-executes itself: it does for another systemd and another system.conf, after the activation.
# Debian's own system.conf counts as none.
system_conf() { [ ! -e "$1" ] || case $(readlink -f "$1") in /nix/store/*) readlink -f "$1" ;; esac; }
restart_systemd=
[ "$(readlink -f /proc/1/exe)" = "$(readlink -f "$system/systemd/systemd")" ] || restart_systemd=1
[ "$(system_conf /etc/systemd/system.conf)" = "$(system_conf "$system/etc/systemd/system.conf")" ] || restart_systemd=1

if [ "$action" = dry-activate ]; then
	announce 'would stop the following units' "$work/stop"
	announce 'would NOT restart the following changed units' "$work/skip"
	echo 'would activate the configuration...' >&2
	[ -z "$restart_systemd" ] || echo 'would restart systemd' >&2
	announce 'would reload the following units' "$work/reload"
	announce 'would restart the following units' "$work/restart"
	announce 'would start the following units' "$work/start"
	announce 'would start the following new units' "$work/new"
	exit 0
fi

# Whatever an interrupted run had still to do.
for list in reload restart start; do
	[ ! -e "/run/nixos/$list-list" ] || cat "/run/nixos/$list-list" >>"$work/$list"
	sort -u "$work/$list" >"/run/nixos/$list-list"
	cp "/run/nixos/$list-list" "$work/$list"
done


exit_code=0
announce 'stopping the following units' "$work/stop"
# shellcheck disable=SC2046 # unit names have no blanks
[ ! -s "$work/stop" ] || systemctl stop $(sort -u "$work/stop") 8>&-
announce 'NOT restarting the following changed units' "$work/skip"

echo 'activating the configuration...' >&2
"$system/activate" 8>&- || exit_code=2

if [ -n "$restart_systemd" ]; then
	echo 'restarting systemd...' >&2
	# It answers by closing the connection, and refuses others until it is back.
	systemctl daemon-reexec 8>&- || :
	tries=0
	until systemctl show --property=Version >/dev/null 2>&1; do
		[ "$tries" -lt 1800 ] || { echo 'systemd daemon reexecute failed, timeout after 180s' >&2; exit 1; }
		tries=$((tries + 1))
		sleep 0.1
	done
fi
systemctl reset-failed 8>&-
systemctl daemon-reload 8>&- || exit_code=3

if [ -s "$work/reload" ]; then
	announce 'reloading the following units' "$work/reload"
	# shellcheck disable=SC2046
	systemctl reload-or-restart $(sort -u "$work/reload") 8>&- || exit_code=4
	rm -f /run/nixos/reload-list
fi
if [ -s "$work/restart" ]; then
	announce 'restarting the following units' "$work/restart"
	# shellcheck disable=SC2046
	systemctl restart $(sort -u "$work/restart") 8>&- || exit_code=4
	rm -f /run/nixos/restart-list
fi
if [ -s "$work/start" ]; then
	announce 'starting the following units' "$work/start"
	# shellcheck disable=SC2046
	systemctl start $(sort -u "$work/start") 8>&- || exit_code=4
fi
if [ -s "$work/new" ]; then
	# A unit that does not start is found below, by its state.
	# shellcheck disable=SC2046
	systemctl start $(sort -u "$work/new") 8>&- 2>/dev/null || :
fi
rm -f /run/nixos/reload-list /run/nixos/restart-list /run/nixos/start-list

: >"$work/failed"
: >"$work/started"
while read -r unit; do if active "$unit"; then echo "$unit" >>"$work/started"; fi; done <"$work/new"
announce 'the following new units were started' "$work/started"
for unit in $(systemctl list-units --all --state=failed,activating --plain --no-legend --full | cut -d ' ' -f 1); do
	state=$(systemctl show --property=ActiveState --value "$unit")
	sub=$(systemctl show --property=SubState --value "$unit")
	if [ "$state" = failed ]; then
		echo "$unit" >>"$work/failed"
	elif [ "$sub" = auto-restart ] && [ "$(systemctl show --property=ExecMainStatus --value "$unit")" != 0 ]; then
		echo "$unit" >>"$work/failed"
	fi
done
if [ -s "$work/failed" ]; then
	announce 'warning: the following units failed' "$work/failed"
	while read -r unit; do systemctl status --no-pager --full "$unit" >&2; done <"$work/failed"
	exit_code=4
fi
[ "$exit_code" = 0 ] || echo "warning: error(s) occurred while switching to the new configuration" >&2
exit "$exit_code"
