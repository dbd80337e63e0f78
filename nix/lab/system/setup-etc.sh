#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these
# /etc/static becomes this system's; every file in it is linked from /etc, or copied where a .mode file stands beside it.
new=$(readlink -f "$system/etc")
clean=/etc/.clean
ln -sfn "$new" /etc/static.new && mv -T /etc/static.new /etc/static

# What an earlier system linked or copied, and this one does not have.
find /etc -path /etc/static -prune -o -type l -print | while read -r link; do
	case $(readlink "$link") in
	/etc/static/*) [ -e "$new/${link#/etc/}" ] || [ -L "$new/${link#/etc/}" ] || rm -f "$link" ;;
	esac
done
[ ! -e $clean ] || while read -r target; do
	[ -e "$new/$target" ] || rm -f "/etc/$target"
done <$clean

# link TARGET: /etc/TARGET becomes a link into /etc/static.
link() {
	[ "$(readlink "/etc/$1")" != "/etc/static/$1" ] || return 0
	mkdir -p "$(dirname "/etc/$1")"
	ln -sfn "/etc/static/$1" "/etc/$1.tmp"
	mv -T "/etc/$1.tmp" "/etc/$1"
}

: >$clean.new
(cd "$new" && find . -type l) | sed 's|^\./||' | while read -r target; do
	if [ -f "$new/$target.mode" ] && [ ! -L "$new/$target.mode" ]; then
		mkdir -p "$(dirname "/etc/$target")"
		cp "$new/$target" "/etc/$target.tmp"
		chmod "$(cat "$new/$target.mode")" "/etc/$target.tmp"
		mv -T "/etc/$target.tmp" "/etc/$target"
		echo "$target" >>$clean.new
	elif [ -d "$new/$target" ] && [ -d "/etc/$target" ] && [ ! -L "/etc/$target" ]; then
		# A folder the machine has as well (its units): what is in it is linked one by one.
		(cd "$new/$target" && find . ! -type d) | sed 's|^\./||' | while read -r below; do link "$target/$below"; done
	else
		link "$target"
	fi
done
mv $clean.new $clean
# Folders that only held what is gone.
find /etc/systemd/system -mindepth 1 -type d -empty -exec rmdir {} + 2>/dev/null || :
