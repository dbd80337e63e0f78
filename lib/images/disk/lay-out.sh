#!/bin/sh
# Runs the layout of a system: a program that partitions and formats disks, and mounts them at /mnt. Comes after prelude.sh,
# disks.sh, and: layout (the program), disks (a line for each disk that may be written: NAME DIGEST, as the guards read it).
# shellcheck source-path=SCRIPTDIR source=disks.sh
command -v disk >/dev/null || . "${0%/*}/disks.sh"
: "${layout:?}" "${disks:?}"
log=/run/nixos-fleet/layout.log

# refuse WHY: ends the script; nothing was written.
refuse() {
	say refused yes
	fail "$1"
}
# whole NAME: the disk of a partition, else the device itself.
whole() {
	if [ -e "$blocks/$1/partition" ]; then basename "$(dirname "$(readlink -f "$blocks/$1")")"; else echo "$1"; fi
}
is_mounted() { mounts | grep -q ' /mnt [^ ]*$'; }

mkdir -p /run/nixos-fleet || refuse '/run/nixos-fleet cannot be created'
command -v nixos-install >/dev/null || refuse 'the machine has no nixos-install'
is_writing || rm -f "$writer_file"
set -C
{ echo $$ >"$writer_file"; } 2>/dev/null || refuse 'another install is under way on this machine'
set +C
trap 'rm -f "$writer_file"' EXIT
trap 'exit 3' HUP INT TERM PIPE
! is_mounted || refuse 'something is mounted at /mnt'
names=' '
while read -r name digest; do
	[ "$(look "$name" | sed -n 's/^digest=//p')" = "$digest" ] || refuse "$(path_of "$name") has changed since it was checked"
	names="$names$name "
done <<-EOF
	$disks
EOF
others=$(grep -aoE '/dev/[A-Za-z0-9_./:+@%=-]+' "$layout" | sort -u | while read -r path; do
	[ -b "$path" ] || continue
	case "$names" in *" $(whole "$(name_of "$(readlink -f "$path")")") "*) ;; *) echo "$path" ;; esac
done)
[ -z "$others" ] || refuse "the layout names disks that are not to be written: $(printf %s "$others" | tr '\n' ' ')"

if ! "$layout" >"$log" 2>&1 </dev/null; then
	umount -R /mnt 2>/dev/null
	fail "the layout failed: $(tail -n 5 "$log")"
fi
is_mounted || fail 'the layout mounted nothing at /mnt'
# World-readable, as nixos-install requires, whatever the layout's umask.
chmod go+rx /mnt
say end yes
