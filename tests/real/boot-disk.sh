#!/.lab/busybox sh
# shellcheck shell=dash
# In place of firmware and boot loader of an installer, as its /sbin/lab-init: starts the system on the disk MAJOR:MINOR (in
# /.lab/disk) if there is one, as its boot loader recorded, else the installer. The lab's own files come along: what Debian's
# programs expect outside the store, the address, and root's key.
b=/.lab/busybox
new=/.installed
IFS=: read -r major minor </.lab/disk
$b mknod /dev/vdx b "$major" "$minor"
$b mount --make-rprivate /
$b mkdir -p $new
if ! $b mount -t ext4 /dev/vdx $new 2>/dev/null; then
	echo 'lab: no system on the disk'
	exec "$($b readlink -f /nix/var/nix/profiles/system)/init"
fi
system=$($b cat $new/boot/default)
echo "lab: booting $system from the disk"
$b mkdir -p $new/.old $new/root/.ssh $new/etc/systemd/network $new/dev $new/proc $new/sys $new/run
[ -e $new/.lab ] || for folder in .lab usr lib lib64 sbin; do $b rm -rf "${new:?}/$folder" && $b cp -a "/$folder" $new/; done
$b cp /etc/systemd/network/10-lab.network $new/etc/systemd/network/
$b cp /root/.ssh/authorized_keys $new/root/.ssh/
for folder in dev proc sys run; do $b mount --move "/$folder" "$new/$folder"; done
cd $new || exit
$b pivot_root . .old
exec "$system/init"
