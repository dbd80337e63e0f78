#!/bin/sh
# shellcheck disable=SC2154 # $system, $busybox and $post_boot are set in lines put before these
# Stage 2: PID 1 from the machine's start until systemd.
export PATH="$busybox/bin:/usr/sbin:/usr/bin:/sbin:/bin"
echo "booting system configuration $system"
ln -sfn "$system" /run/booted-system
NIXOS_ACTION=boot "$system/activate" || echo "warning: the activation had errors"
"$busybox/bin/sh" "$post_boot"
exec /lib/systemd/systemd
