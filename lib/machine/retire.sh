#!/bin/sh
# Removes the bootstrap user: account, keys, home and processes. Comes after prelude.sh and: name. Prints state=gone if there was
# no such user, else state=removed.
: "${name=}"

uid=$(id -u "$name" 2>/dev/null)
state=gone
home=/home/$name
if [ -n "$uid" ]; then
	if [ "$uid" -lt 1000 ]; then
		fail "it is a system user (uid $uid)"
	fi
	state=removed
	home=$(getent passwd "$name" | cut -d : -f 6)
	# The account first, so that nobody logs in while its processes are killed.
	output=$(userdel --force "$name" 2>&1)
	loginctl terminate-user "$uid" 2>/dev/null
	pkill -KILL -u "$uid" 2>/dev/null
fi
if id "$name" >/dev/null 2>&1; then fail "${output:-userdel did not remove it}"; fi
# NixOS keeps the home of a user that was dropped from the configuration. Remove it unless another user owns it by now.
case $home in
/home/?*)
	if [ -d "$home" ] && [ "$(stat -c %U "$home")" = UNKNOWN ]; then
		rm -rf -- "$home" && state=removed
	fi
	;;
esac
rm -f -- "/etc/ssh/authorized_keys.d/$name" "/etc/sudoers.d/$name" 2>/dev/null
say state "$state"
