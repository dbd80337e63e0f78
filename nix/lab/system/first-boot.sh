# shellcheck shell=sh
# What a machine that was made from an image gets when it first starts: a store database, and an identity of its own. Who
# starts it in QEMU can give the identity as credentials of systemd's (fw_cfg files opt/io.systemd.credentials/NAME):
#   system.machine_id, nixos-fleet.ssh-host-key (a private Ed25519 key), ssh.authorized_keys.root.
ln -sfn /run/booted-system/kernel-modules/lib/modules /lib/modules
if [ -e /nix-path-registration ]; then
	/usr/local/bin/nix-store --load-db </nix-path-registration && rm /nix-path-registration
fi

/sbin/modprobe -q qemu_fw_cfg
credentials=/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials
if ! [ -s /etc/machine-id ]; then
	if [ -e $credentials/system.machine_id/raw ]; then
		head -c 32 $credentials/system.machine_id/raw >/etc/machine-id
		echo >>/etc/machine-id
	else
		systemd-machine-id-setup
	fi
fi
key=/etc/ssh/ssh_host_ed25519_key
if ! [ -s $key ]; then
	if [ -e $credentials/nixos-fleet.ssh-host-key/raw ]; then
		(umask 077 && cat $credentials/nixos-fleet.ssh-host-key/raw >$key)
		ssh-keygen -y -f $key >$key.pub
	else
		ssh-keygen -q -t ed25519 -N '' -C '' -f $key
	fi
fi
if [ -e $credentials/ssh.authorized_keys.root/raw ]; then
	(umask 077 && mkdir -p /root/.ssh && cat $credentials/ssh.authorized_keys.root/raw >/root/.ssh/authorized_keys)
fi
