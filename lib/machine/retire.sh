#!/bin/sh
# Removes a user that was there for the installation alone: account, keys, home, what it still runs. Run by `sh -s` with root's
# rights, after a line that gives: name. Tells by a line state=gone that there was no such user, by state=removed that there is none
# any more, else why there is.
: "${name=}"
PATH=$PATH:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

uid=$(id -u "$name" 2>/dev/null)
state=gone
home=/home/$name
if [ -n "$uid" ]; then
	if [ "$uid" -lt 1000 ]; then
		echo "why=it is a user of the system itself (uid $uid)"
		exit 0
	fi
	state=removed
	home=$(getent passwd "$name" | cut -d : -f 6)
	# The account first: nobody logs in again while its processes end.
	said=$(userdel --force "$name" 2>&1)
	loginctl terminate-user "$uid" 2>/dev/null
	pkill -KILL -u "$uid" 2>/dev/null
fi
if id "$name" >/dev/null 2>&1; then
	printf 'why=%s\n' "$(printf %s "${said:-userdel left it}" | tr '\n' ' ')"
	exit 0
fi
# A configuration that no longer has a user leaves its home; one that belongs to somebody else by now is not touched.
case $home in
/home/?*)
	if [ -d "$home" ] && [ "$(stat -c %U "$home")" = UNKNOWN ]; then
		rm -rf -- "$home" && state=removed
	fi
	;;
esac
rm -f -- "/etc/ssh/authorized_keys.d/$name" "/etc/sudoers.d/$name" 2>/dev/null
echo "state=$state"
