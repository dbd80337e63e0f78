#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these
# /etc/static becomes this system's; every file in it is linked from /etc, or copied where a .mode file stands beside it. The links
# that are there are read by one process, as a process for each would take most of an activation's time.
new=$(readlink -f "$system/etc")
clean=/etc/.clean
tab=$(printf '\t')
ln -sfn "$new" /etc/static.new && mv -T /etc/static.new /etc/static

# Links into /etc/static, as pairs: where the link is, and what it names.
links=$(find /etc -path /etc/static -prune -o -type l -exec stat -c %N {} + |
	sed -n "s|^'/etc/\(.*\)' -> '/etc/static/\(.*\)'\$|\1$tab\2|p")

# What an earlier system linked or copied, and this one does not have.
while IFS=$tab read -r link _; do
	[ -z "$link" ] || [ -e "$new/$link" ] || [ -L "$new/$link" ] || rm -f "/etc/$link"
done <<LINKS
$links
LINKS
[ ! -e $clean ] || while read -r target; do
	[ -e "$new/$target" ] || rm -f "/etc/$target"
done <$clean

# Copies what has a mode, and prints what is to be linked.
copy() {
	(cd "$new" && find . -type l) | sed 's|^\./||' | while read -r target; do
		if [ -f "$new/$target.mode" ] && [ ! -L "$new/$target.mode" ]; then
			mkdir -p "$(dirname "/etc/$target")"
			cp "$new/$target" "/etc/$target.tmp"
			chmod "$(cat "$new/$target.mode")" "/etc/$target.tmp"
			mv -T "/etc/$target.tmp" "/etc/$target"
			echo "$target" >>$clean.new
		elif [ -d "$new/$target" ] && [ -d "/etc/$target" ] && [ ! -L "/etc/$target" ]; then
			# A folder the machine has as well (its units): what is in it is linked one by one.
			(cd "$new/$target" && find . ! -type d) | sed "s|^\.|$target|"
		else
			echo "$target"
		fi
	done
}

: >$clean.new
{
	printf '%s\n\n' "$links"
	copy
} | awk -F "$tab" '
	!ended { ended = ($0 == ""); if ($1 == $2) there[$1] = 1; next }
	$0 != "" && !($0 in there)' | while read -r target; do
	mkdir -p "$(dirname "/etc/$target")"
	ln -sfn "/etc/static/$target" "/etc/$target.tmp"
	mv -T "/etc/$target.tmp" "/etc/$target"
done
mv $clean.new $clean
# Folders that only held what is gone.
find /etc/systemd/system -mindepth 1 -type d -empty -exec rmdir {} + 2>/dev/null || :
