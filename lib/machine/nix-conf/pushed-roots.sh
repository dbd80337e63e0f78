#!/bin/sh
# Looks after what keeps pushed systems from the garbage collection of a machine that serves its store. Run by `sh -s` with root's
# rights, after lines that give: mode_of_work (add, remove, keep), folder (of one machine's systems), path (to add), needed (systems
# that stay, one a line; those that are there get a root), count, seconds (how many of the newest stay, and for how long).
# shellcheck disable=SC2154
PATH=$PATH:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

add() {
	if [ -L "$folder" ]; then rm -f "$folder"; fi
	# A new link has a new time: the newest is what was pushed last.
	mkdir -p "$folder" && ln -sfn "$1" "$folder/${1##*/}" || exit 3
}
case $mode_of_work in
add) add "$path" ;;
remove) rm -rf "${folder:?}" || exit 3 ;;
keep)
	for system in $needed; do
		if [ -e "$system" ] && [ ! -L "$folder/${system##*/}" ]; then
			add "$system"
			# It was pushed before, and is no newest one.
			touch --no-dereference --date=@0 "$folder/${system##*/}" || exit 3
		fi
	done
	[ -d "$folder" ] || exit 0
	place=0 kept=0 removed=0
	# Names of systems are without white space.
	# shellcheck disable=SC2012,SC2045
	for name in $(ls -t "$folder"); do
		place=$((place + 1))
		age=$(($(date +%s) - $(stat -c %Y "$folder/$name")))
		if [ "$place" -le "$count" ] || [ "$age" -lt "$seconds" ] ||
			printf '%s\n' "$needed" | grep -qxF "/nix/store/$name"; then
			kept=$((kept + 1))
		else
			rm -f "$folder/$name" || exit 3
			removed=$((removed + 1))
		fi
	done
	echo "roots=$kept $removed"
	;;
esac
