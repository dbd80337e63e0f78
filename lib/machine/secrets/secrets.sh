#!/bin/sh
# Functions that write, read and remove many secrets' files with few processes: what is done for each file is done by the shell
# itself. Comes after prelude.sh, ownership.sh and: machine_id pending (name of a file); calls of these functions follow.
# The contents stay within this shell and its builtins, so that they are in no argument list, environment or other file.
# shellcheck disable=SC2154,SC2317 # owner_* are set by ownership.sh; the functions are for the calls that follow
: "${machine_id=}" "${pending:?}" "${claim=}" "${stack=}" "${resource=}" "${by=}" "${take_over=}" "${owners:?}"
# Names the units that still have to be restarted for new contents, so that the next run restarts them after an interrupted one.
pending=/run/nixos-fleet/secrets/$pending
staging=.nixos-fleet-secrets
staged=''

# Ends the script on another machine than the expected one.
this_machine() {
	found=$(cat /etc/machine-id)
	say machine-id "$found"
	[ -z "$machine_id" ] || [ "$machine_id" = "$found" ] || exit 0
}

# --- Owners, as ownership.sh records them. RECORD is the name of the path's file there.

lock_all() {
	lock_owners
	if ! rm -rf "$owners/.new" || ! mkdir "$owners/.new"; then fail "no file can be created in $owners"; fi
	since=$(date +%s)
}

# claim_path RECORD PATH: before the path is written.
claim_path() {
	[ ! -d "$2" ] || fail "there is a folder at $2"
	read_owner "$1"
	if [ -z "$owner_claim" ] || [ "$owner_claim" = "$claim" ]; then
		[ "$owner_resource" != "$resource" ] || return 0
	elif [ "$owner_stack" != "$stack" ] && [ "$owner_stack" != "$take_over" ]; then
		say owned "$2"
		say_owner "$2"
		fail "$2 belongs to $owner_resource"
	fi
	printf 'path=%s\nclaim=%s\nstack=%s\nresource=%s\nby=%s\nsince=%s\n' "$2" "$claim" "$stack" "$resource" "$by" "$since" \
		>"$owners/.new/$1" || fail "the owner of $2 could not be recorded in $owners"
	claimed=yes
}

record_claims() {
	[ "${claimed:-}" != yes ] || mv -f "$owners/.new"/* "$owners/" || fail "owners could not be recorded in $owners"
	rm -rf "$owners/.new"
}

# drop RECORD PATH: removes a file, unless another resource has written it since.
drop() {
	read_owner "$1"
	if [ -z "$owner_claim" ] || [ "$owner_claim" = "$claim" ]; then
		rm -f "$2" "$owners/$1" || fail "$2 could not be removed"
	else
		say kept "$2"
		say kept-for "$owner_resource"
	fi
}

# --- Writing, one folder after the other: the files get their content, owner and mode where only root is, and are renamed.

enter() {
	directory=$1
	if [ ! -d "$directory" ]; then
		if ! mkdir -p "$directory" || ! chmod 0711 "$directory"; then fail "the folder $directory could not be created"; fi
	fi
	cd "$directory" || fail "the folder $directory cannot be entered"
	directory=$(pwd -P)
	staged=$directory/$staging
	rm -rf "./$staging"
	# Where others may write, what is there now may not be what was made.
	if ! mkdir -m 0700 "./$staging" || ! cd "./$staging" || [ "$(pwd -P)" != "$staged" ] || [ "$(stat -c '%u %a' .)" != '0 700' ]; then
		fail "no folder can be created in $directory"
	fi
}
put() {
	# Never into an existing file.
	set -C
	{ printf %s "$2" >"$1"; } 2>/dev/null || fail "$directory/$1 could not be written"
	set +C
}
put64() {
	set -C
	{ printf %s "$2" | base64 -d >"$1"; } 2>/dev/null || fail "$directory/$1 could not be written"
	set +C
}
# own OWNER:GROUP FILE…
own() {
	owner=$1
	shift
	chown "$owner" "$@" 2>/dev/null || fail "there is no user ${owner%:*} or group ${owner#*:} on the machine"
}
permit() { chmod "$@" || fail 'the permissions could not be set'; }

# compare NUMBER FILE…: in `changed`, the numbers of the files (from 1) whose content is not that of the file to be replaced.
compare() {
	count=$1
	shift
	for file; do
		if [ -f "../$file" ] && [ ! -L "../$file" ]; then set -- "$@" "../$file"; else set -- "$@" /dev/null; fi
	done
	changed=" $(sha256sum "$@" | awk -v count="$count" '
		{ sub(/^\\/, ""); sum[NR] = $1 }
		END { for (i = 1; i <= count; i++) if (sum[i] != sum[count + i]) printf "%d ", i }')"
}
# due NUMBER UNIT…: these units are to be restarted if that file has new content.
due() {
	case $changed in *" $1 "*) ;; *) return ;; esac
	shift
	if ! mkdir -p "${pending%/*}" || ! printf '%s\n' "$@" >>"$pending"; then fail 'no file could be created in /run/nixos-fleet'; fi
}
forget_due() { rm -f "$pending"; }
# place FILE…
place() {
	sync -f . 2>/dev/null
	for file; do [ ! -d "../$file" ] || fail "there is a folder at $directory/$file"; done
	mv -f "$@" .. || fail "the files could not be moved to $directory"
	cd / && rm -rf "$staged"
	staged=''
}

clean() { [ -z "$staged" ] || rm -rf "$staged"; }
trap clean EXIT
trap 'exit 3' HUP INT TERM PIPE

written() {
	unlock_owners
	say written yes
	[ ! -s "$pending" ] || say restart-due yes
}

# --- Units

# All at once: systemd restarts each one time, in their order.
restart_units() {
	[ -s "$pending" ] || return 0
	units=''
	while read -r unit; do
		case " $units " in *" $unit "*) continue ;; esac
		case $(systemctl show --property=ActiveState --value "$unit" 2>/dev/null) in
		active | activating | reloading | failed) units="$units $unit" ;;
		esac
	done <"$pending"
	problems=
	# Names of units have no white space.
	# shellcheck disable=SC2086
	if [ -n "$units" ] && ! systemctl restart $units >/dev/null 2>&1; then
		for unit in $units; do
			case $(systemctl show --property=ActiveState --value "$unit" 2>/dev/null) in
			active | activating | reloading) ;;
			*) problems="$problems $unit" ;;
			esac
		done
	fi
	for unit in $units; do case " $problems " in *" $unit "*) ;; *) say restarted "$unit" ;; esac done
	[ -z "$problems" ] || fail "did not restart:$problems"
	rm -f "$pending"
}

# --- Reading

# look SALT PATH…: of each file that is there: number, owner, mode and size; and one hash of them all.
look() {
	salt=$1
	shift
	number=0
	count=$#
	for path; do
		number=$((number + 1))
		if [ -f "$path" ] && [ ! -L "$path" ]; then
			say there "$number"
			set -- "$@" "$path"
		fi
	done
	shift "$count"
	if [ "$#" != 0 ]; then
		stat -c 'file=%U %u %G %g %a %s' "$@"
		say digest "$({
			printf %s "$salt"
			cat "$@"
		} | sha256sum | cut -d ' ' -f 1)"
	fi
	[ ! -s "$pending" ] || say restart-due yes
}
# digests SALT PATH…: a hash of each.
digests() {
	salt=$1
	shift
	for path; do
		say digest "$({
			printf %s "$salt"
			cat "$path"
		} 2>/dev/null | sha256sum | cut -d ' ' -f 1)"
	done
}
