#!/bin/sh
# Manages gc roots of pushed systems on a machine that serves its store. Comes after prelude.sh, ownership.sh and: action (add, remove, keep).
# add and remove: folder (of one machine's systems), path (to add). keep: machines (one per line: the folder, then the systems to
# keep; those in the store get a root), count, seconds (how many of the newest are kept, and for how long).
: "${action:?}" "${folder=}" "${path=}" "${machines=}" "${count=}" "${seconds=}"

# add FOLDER SYSTEM
add() {
	if [ -L "$1" ]; then rm -f "$1"; fi
	# Recreate the link, since its time decides which system was pushed last.
	mkdir -p "$1" && ln -sfn "$2" "$1/${2##*/}" || exit 3
}
# keep FOLDER SYSTEM…
keep() {
	folder=$1
	shift
	for system in "$@"; do
		if [ -e "$system" ] && [ ! -L "$folder/${system##*/}" ]; then
			add "$folder" "$system"
			# Not newly pushed: it must not count among the newest.
			touch --no-dereference --date=@0 "$folder/${system##*/}" || exit 3
		fi
	done
	[ -d "$folder" ] || return 0
	place=0
	# Names of systems have no white space.
	# shellcheck disable=SC2012,SC2045
	for name in $(ls -t "$folder"); do
		place=$((place + 1))
		age=$(($(date +%s) - $(stat -c %Y "$folder/$name")))
		case " $* " in
		*" /nix/store/$name "*) stays=yes ;;
		*) if [ "$place" -le "$count" ] || [ "$age" -lt "$seconds" ]; then stays=yes; else stays=no; fi ;;
		esac
		if [ "$stays" = yes ]; then
			kept=$((kept + 1))
		else
			rm -f "$folder/$name" || exit 3
			removed=$((removed + 1))
		fi
	done
}
case $action in
add)
	lock_owners
	take "$folder"
	add "$folder" "$path"
	;;
remove)
	lock_owners
	if owns "$folder"; then
		rm -rf "${folder:?}" && release "$folder" || exit 3
	else
		say_owner "$folder"
	fi
	;;
keep)
	printf '%s\n' "$machines" | {
		kept=0 removed=0
		while read -r folder systems; do
			# Store paths have no white space.
			# shellcheck disable=SC2086
			[ -z "$folder" ] || keep "$folder" $systems
		done
		say kept "$kept"
		say removed "$removed"
	} || exit 3
	;;
esac
say end yes
