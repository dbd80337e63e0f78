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

: >$clean.new
(cd "$new" && find . -type l) | sed 's|^\./||' | while read -r target; do
	mkdir -p "$(dirname "/etc/$target")"
	if [ -e "$new/$target.mode" ] && [ ! -L "$new/$target.mode" ]; then
		cp "$new/$target" "/etc/$target.tmp"
		chmod "$(cat "$new/$target.mode")" "/etc/$target.tmp"
		mv -T "/etc/$target.tmp" "/etc/$target"
		echo "$target" >>$clean.new
	elif [ "$(readlink "/etc/$target")" != "/etc/static/$target" ]; then
		ln -sfn "/etc/static/$target" "/etc/$target.tmp"
		mv -T "/etc/$target.tmp" "/etc/$target"
	fi
done
mv $clean.new $clean
# Folders that only held what is gone.
find /etc/systemd/system -mindepth 1 -type d -empty -exec rmdir {} + 2>/dev/null || :
