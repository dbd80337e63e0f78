#!/.lab/busybox sh
# shellcheck shell=dash
# In place of firmware and systemd-boot, as /sbin/lab-init: mounts the EFI system partition MAJOR:MINOR (in /.lab/disk) at /boot, and
# starts what its loader.conf names; without an entry the profile's system, as for the first boot.
b=/.lab/busybox
IFS=: read -r major minor </.lab/disk
$b mknod /dev/vdx b "$major" "$minor"
$b mount -t ext4 /dev/vdx /boot
id=$($b sed -n 's/^preferred //p' /boot/loader/loader.conf 2>/dev/null)
[ -n "$id" ] || id=$($b sed -n 's/^default //p' /boot/loader/loader.conf 2>/dev/null)
for entry in /boot/loader/entries/"${id%.conf}"*.conf; do
	system=$($b sed -n 's|^options .*init=\([^ ]*\)/init.*|\1|p' "$entry" 2>/dev/null)
done
[ -x "$system/init" ] || system=$($b readlink -f /nix/var/nix/profiles/system)
echo "lab: booting $system"
exec "$system/init"
