#!/bin/sh
# shellcheck disable=SC2154 # the lines put before these set what is not set here
# Stage 1: PID 1 of the initrd. Where it cannot go on it ends, which is a kernel panic: with panic=SECONDS the machine
# starts again.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs /run

fail() {
	echo "stage 1: $1"
	exit 1
}

init=
# shellcheck disable=SC2013 # words, not lines
for word in $(cat /proc/cmdline); do
	case $word in
	init=*) init=${word#init=} ;;
	root=*) root_device=${word#root=} ;;
	esac
done
[ -n "$init" ] || fail 'the kernel has no parameter init=: there is no system to boot'

for module in $modules; do modprobe -q "$module"; done
for module in $needed_modules; do modprobe "$module" || fail "the module $module cannot be loaded"; done

# Disks appear when their drivers find them.
case $root_device in
/dev/disk/by-label/*) tag=LABEL=${root_device#/dev/disk/by-label/} ;;
/dev/disk/by-uuid/*) tag=UUID=${root_device#/dev/disk/by-uuid/} ;;
LABEL=* | UUID=*) tag=$root_device ;;
*) tag= ;;
esac
device=
tries=0
while [ "$tries" -lt 300 ]; do
	if [ -n "$tag" ]; then device=$(findfs "$tag" 2>/dev/null); elif [ -b "$root_device" ]; then device=$root_device; fi
	[ -z "$device" ] || break
	tries=$((tries + 1))
	sleep 0.1
done
[ -n "$device" ] || fail "the root file system's device $root_device did not appear in 30 seconds"
mount -t "$root_type" -o "$root_options" "$device" /mnt-root || fail "$device cannot be mounted as $root_type"
[ -x "/mnt-root$init" ] || fail "there is no $init on $device"

for folder in proc sys dev run; do
	mkdir -p "/mnt-root/$folder"
	mount -o move "/$folder" "/mnt-root/$folder"
done
exec switch_root /mnt-root "$init"
