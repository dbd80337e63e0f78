#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these, $exit_code in switch-units.sh
# switch-to-configuration switch|boot|test|check|dry-activate
# In the order of NixOS's tool, with its output and its exit codes: 1 a check or the boot loader failed, 2 no NixOS or the
# activation failed, 4 units failed, 11 another switch holds the lock, 100 only a reboot can bring this system, 101 nobody reads
# the output.
set -u
PATH=$busybox/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
action=${1-}
case $action in
switch | boot | test | check | dry-activate) ;;
*)
	cat >&2 <<-USAGE
		Usage: ${0##*/} [check|switch|boot|test|dry-activate]
		check:        run pre-switch checks and exit
		switch:       make the configuration the boot default and activate now
		boot:         make the configuration the boot default
		test:         activate the configuration, but don't make it the boot default
		dry-activate: show what would be done if this configuration were activated

	USAGE
	exit 1
	;;
esac
NIXOS_ACTION=$action
export NIXOS_ACTION
# Handled and not ignored, so that what this starts gets the default again.
trap : PIPE

# die CODE WHY: the code is the error number of the call that failed.
die() {
	echo "$2" >&2
	exit "$1"
}
[ -f /etc/NIXOS ] || grep -q '^ID="\{0,1\}nixos"\{0,1\}$' /etc/os-release || die 2 'This is not a NixOS installation!'
mkdir -p /run/nixos
exec 8>>/run/nixos/switch-to-configuration.lock
flock -n 8 || die 11 'Could not acquire lock'

if [ "${NIXOS_NO_CHECK-}" != 1 ]; then
	"$system/lib/pre-switch-checks" "$system" "$action" 8>&- || die 1 'Pre-switch checks failed'
fi
[ "$action" != check ] || exit 0
case $action in switch | boot) "$system/bin/boot-entries" 8>&- || die 1 'Failed to install bootloader' ;; esac
[ "${NIXOS_NO_SYNC-}" = 1 ] || sync -f /nix/store 2>/dev/null || sync
[ "$action" != boot ] || exit 0

current=$(readlink -f /run/current-system 2>/dev/null)
if [ -e "$current/init-interface-version" ] && ! cmp -s "$current/init-interface-version" "$system/init-interface-version"; then
	cat >&2 <<-'WARNING'
		Warning: the new NixOS configuration has an ‘init’ that is
		incompatible with the current configuration.  The new configuration
		won't take effect until you reboot the system.

	WARNING
	exit 100
fi

# shellcheck source=nix/lab/system/switch-units.sh
. "$system/lib/switch-units"
manager() { systemctl "$@" 8>&-; }
begin_scope /run/nixos "$(readlink -f /etc/static)/systemd/system" "$system/etc/systemd/system" /etc/systemd/system
collect

# Whether systemd is re-executed. Debian's own system.conf counts as none.
system_conf() { [ ! -e "$1" ] || case $(readlink -f "$1") in /nix/store/*) readlink -f "$1" ;; esac; }
restart_systemd=
[ "$(readlink -f /proc/1/exe)" = "$(readlink -f "$system/systemd/systemd")" ] || restart_systemd=1
[ "$(system_conf /etc/systemd/system.conf)" = "$(system_conf "$system/etc/systemd/system.conf")" ] || restart_systemd=1

if [ "$action" = dry-activate ]; then
	announce 'would stop' "$work/stop"
	announce 'would NOT stop' "$work/skip" changed
	print 'would activate the configuration...'
	[ -z "$restart_systemd" ] || print 'would restart systemd'
	announce 'would reload' "$work/reload"
	announce 'would restart' "$work/restart"
	announce 'would start' "$work/start"
	exit 0
fi

stop_units
print 'activating the configuration...'
"$system/activate" "$system" 8>&- || {
	print 'Failed to run activate script'
	exit_code=2
}

if [ -n "$restart_systemd" ]; then
	print 'restarting systemd...'
	# It answers by closing the connection, and refuses others until it is back.
	manager daemon-reexec || :
	tries=0
	until manager show --property=Version >/dev/null 2>&1; do
		[ "$tries" -lt 1800 ] || die 1 'Error: systemd daemon reexecute failed, timeout after 180s'
		tries=$((tries + 1))
		sleep 0.1
	done
fi
manager reset-failed || die 1 'Error: Failed to reset failed units'
manager daemon-reload || die 1 'Error: systemd daemon reload failed'

loginctl list-users --no-legend >"$work/users" 8>&- || die 1 'Unable to list users with logind'
while read -r uid name _; do
	print "reloading user units for $name..."
	/usr/bin/setpriv --reuid "$uid" --regid "$(id -g "$name")" --clear-groups env -i XDG_RUNTIME_DIR="/run/user/$uid" \
		"$system/lib/switch-user-units" "$current" </dev/null 8>&- || {
		print "warning: user activation for $name failed"
		exit_code=4
	}
done <"$work/users"

print 'restarting sysinit-reactivation.target'
jobs_of restart sysinit-reactivation.target
apply_units
print_failed_jobs

# Events settle: a unit may fail just now.
sleep 0.25
compare_states
announce_new_units
if [ -s "$work/failed" ]; then
	print "warning: the following units failed: $(named "$work/failed")"
	# shellcheck disable=SC2046 # unit names have no blanks
	manager status --no-pager --full $(cat "$work/failed") >&2
	exit_code=4
fi
exit "$exit_code"
