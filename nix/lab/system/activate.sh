#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these
# Makes the machine's files those of this system. Snippets run one by one; one that fails is named, the others go on, and the
# end says so with exit code 1.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$busybox/bin"
export system systemConfig="$system"
umask 022
status=0
while read -r name file; do
	if "$busybox/bin/sh" -eu "$file" </dev/null; then :; else
		code=$?
		echo "Activation script snippet '$name' failed ($code)" >&2
		status=1
	fi
done <"$system/lib/activation-snippets"

ln -sfn "$system" /run/current-system.new && mv -T /run/current-system.new /run/current-system
mkdir -p /nix/var/nix/gcroots
ln -sfn /run/current-system /nix/var/nix/gcroots/current-system
ln -sfn /run/booted-system /nix/var/nix/gcroots/booted-system
exit $status
