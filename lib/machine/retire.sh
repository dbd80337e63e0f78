#!/bin/sh
# Removes a user that was there for the installation alone: account, keys, home, what it still runs. Comes after prelude.sh and:
# name. Prints state=gone where there was no such user, and state=removed where it was removed.
: "${name=}"

uid=$(id -u "$name" 2>/dev/null)
state=gone
home=/home/$name
if [ -n "$uid" ]; then
	if [ "$uid" -lt 1000 ]; then
		fail "it is a user of the system itself (uid $uid)"
	fi
	state=removed
	home=$(getent passwd "$name" | cut -d : -f 6)
	# The account first: nobody logs in again while its processes end.
	said=$(userdel --force "$name" 2>&1)
	loginctl terminate-user "$uid" 2>/dev/null
	pkill -KILL -u "$uid" 2>/dev/null
fi
if id "$name" >/dev/null 2>&1; then fail "${said:-userdel left it}"; fi
# A configuration that no longer has a user leaves its home; one that belongs to somebody else by now is not touched.
case $home in
/home/?*)
	if [ -d "$home" ] && [ "$(stat -c %U "$home")" = UNKNOWN ]; then
		rm -rf -- "$home" && state=removed
	fi
	;;
esac
rm -f -- "/etc/ssh/authorized_keys.d/$name" "/etc/sudoers.d/$name" 2>/dev/null
say state "$state"
