#!/bin/sh
# make-root.sh BASE REGISTRATION TOPLEVEL: prints debugfs's commands that write the root file system: the base's files with
# their owners and modes, the store's paths in the file `paths`, and the system profile. Inodes are made in the order of names.
base=$1 registration=$2 toplevel=$3
S_IFDIR=040000 S_IFREG=0100000

# own PATH MODE UID GID: the mode with the file's kind, and owners other than root.
own() {
	printf 'sif "%s" mode %s\n' "$1" "$2"
	[ "$3" = 0 ] || printf 'sif "%s" uid %s\n' "$1" "$3"
	[ "$4" = 0 ] || printf 'sif "%s" gid %s\n' "$1" "$4"
}

# The base, by its list.
tab=$(printf '\t')
while IFS= read -r line; do
	target=${line#*"$tab"}
	record=${line%%"$tab"*}
	# shellcheck disable=SC2086 # the first four have no blanks
	set -- $record
	kind=$1 mode=$2 uid=$3 gid=$4
	path=${record#"$kind $mode $uid $gid "}
	case $kind in
	d)
		printf 'mkdir "/%s"\n' "$path"
		own "/$path" "$(printf '0%o' $((S_IFDIR + 0$mode)))" "$uid" "$gid"
		;;
	f)
		printf 'write "%s" "/%s"\n' "$base/root/$path" "$path"
		own "/$path" "$(printf '0%o' $((S_IFREG + 0$mode)))" "$uid" "$gid"
		;;
	l) printf 'symlink "/%s" "%s"\n' "$path" "$target" ;;
	esac
done <"$base/list"

while read -r store_path; do
	find "$store_path" | LC_ALL=C sort | while IFS= read -r path; do
		if [ -L "$path" ]; then
			printf 'symlink "%s" "%s"\n' "$path" "$(readlink "$path")"
		elif [ -d "$path" ]; then
			printf 'mkdir "%s"\nsif "%s" mode 040555\n' "$path" "$path"
		elif [ -x "$path" ]; then
			printf 'write "%s" "%s"\nsif "%s" mode 0100555\n' "$path" "$path" "$path"
		else
			printf 'write "%s" "%s"\nsif "%s" mode 0100444\n' "$path" "$path" "$path"
		fi
	done
done <paths

printf 'mkdir /nix/var/nix/profiles\n'
printf 'symlink /nix/var/nix/profiles/system-1-link "%s"\n' "$toplevel"
printf 'symlink /nix/var/nix/profiles/system system-1-link\n'
printf 'write "%s" /nix-path-registration\n' "$registration"
