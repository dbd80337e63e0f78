#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these
# switch-user-units OLD: brings the units of a user who runs this to this system, from system OLD.
set -u
PATH=$busybox/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
# shellcheck source=nix/lab/system/switch-units.sh
. "$system/lib/switch-units"
manager() { systemctl --user "$@"; }
mkdir -p "$XDG_RUNTIME_DIR/nixos"
chmod 700 "$XDG_RUNTIME_DIR/nixos"
manager show --property=Version >/dev/null || { echo 'Error: Failed to open dbus connection' >&2; exit 1; }
# Debian's link to /etc/systemd/user, by which its systemd finds units.
begin_scope "$XDG_RUNTIME_DIR/nixos" "$1/etc/systemd/user" "$system/etc/systemd/user" /etc/xdg/systemd/user user
collect
stop_units
manager daemon-reexec || :
until manager show --property=Version >/dev/null 2>&1; do sleep 0.1; done
manager reset-failed
manager daemon-reload
apply_units
print_failed_jobs
exit "$exit_code"
