# shellcheck shell=sh
# What a switch does to units, by the rules of NixOS's tool: to those of the system, and to those of a user. Comes before a script
# that defines manager, which is systemctl for one of the two, and calls begin_scope.
# shellcheck disable=SC2034 # the script ends with it
exit_code=0

# begin_scope LISTS OLD NEW CURRENT [KIND]: LISTS is the folder of the lists that outlive an interrupted run, so that the next one
# goes on; OLD and NEW have the unit files of the two systems; CURRENT is where the manager reads them. KIND is `user` for a user's.
begin_scope() {
	lists=$1 old_units=$2 new_units=$3 current_units=$4 kind=${5-}
	work=$(mktemp -d "$lists/switch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	for list in stop skip targets failed-jobs; do : >"$work/$list"; done
	for list in start restart reload; do cat "$lists/$list-list" >"$work/$list" 2>/dev/null || :; done
}

# print LINE: NixOS's tool panics where nobody reads its output.
print() { echo "$1" >&2 || exit 101; }
# named FILE: a list of units as NixOS prints it.
named() { sort -u "$1" | sort -f | tr '\n' ',' | sed 's/,$//; s/,/, /g'; }
# announce VERB FILE [changed]
announce() { [ ! -s "$2" ] || print "$1 the following ${3:+$3 }${kind:+$kind }units: $(named "$2")"; }
# record LIST UNIT
record() {
	echo "$2" >>"$work/$1"
	[ "${action-}" = dry-activate ] || echo "$2" >>"$lists/$1-list"
}
forget() { grep -vxF "$2" "$lists/$1-list" >"$work/rest"; cat "$work/rest" >"$lists/$1-list"; }

# text FOLDER UNIT: everything a folder has about a unit, its file and its drop-ins.
text() { cat "$1/$2" "$1/$2".d/*.conf 2>/dev/null; }
# setting FOLDER UNIT SECTION KEY DEFAULT
setting() {
	text "$1" "$2" | awk -v section="[$3]" -v key="$4" -v value="$5" '
		/^\[/ { inside = ($0 == section) }
		inside && index($0, key "=") == 1 { value = substr($0, length(key) + 2) }
		END { print value }'
}
# yes SECTION KEY DEFAULT: whether the new $unit has a boolean set.
yes() { case $(setting "$new_units" "$base" "$1" "$2" "$3") in 1 | yes | true | on) ;; *) return 1 ;; esac; }

# compared FOLDER UNIT restart|reload: the lines whose change restarts a unit, or only reloads it.
compared() {
	text "$1" "$2" | awk -v kind="$3" '
		/^[ \t]*([#;]|$)/ { next }
		/^\[/ { section = $0; next }
		{
			key = $0
			sub(/[ \t]*=.*/, "", key)
			name = section key
		}
		name ~ /^\[Unit\](Description|Documentation|OnFailure|OnSuccess|OnFailureJobMode|IgnoreOnIsolate)$/ { next }
		name ~ /^\[Unit\](StopWhenUnneeded|RefuseManualSt(art|op)|AllowIsolate|CollectMode|SourcePath)$/ { next }
		(name ~ /^\[Unit\]X-Reload-Triggers$|^\[Service\]ExecReload$|^\[Mount\]Options$/) == (kind == "reload") { print section, $0 }'
}

# modified UNIT: a unit that is active and changed.
modified() {
	case $1 in
	sysinit.target | basic.target | multi-user.target | graphical.target | *.path | *.slice | *.socket) return ;;
	-.mount | nix.mount) record reload "$1" && return ;;
	*.mount) record restart "$1" && return ;;
	esac
	if yes Service X-ReloadIfChanged no; then
		record reload "$1"
	elif ! yes Service X-RestartIfChanged yes || yes Unit RefuseManualStop no || yes Unit X-OnlyManualStart no; then
		echo "$1" >>"$work/skip"
	elif [ "${1%.service}" = "$1" ] || ! yes Service X-StopIfChanged yes; then
		record restart "$1"
	else
		echo "$1" >>"$work/stop"
		# A service that a socket starts waits for its socket.
		by_socket=
		for socket in $(setting "$new_units" "$base" Service Sockets "${1%.service}.socket"); do
			if grep -qxF "$socket" "$work/before"; then
				echo "$socket" >>"$work/stop"
				[ ! -e "$new_units/$socket" ] || record start "$socket"
			fi
			[ ! -e "$new_units/$socket" ] || by_socket=1
		done
		if [ -z "$by_socket" ] || yes Service X-NotSocketActivated no; then record start "$1"; fi
	fi
}

# Fills the lists, from what is active.
collect() {
	# UNIT STATE CANSTART MANAGED: managed are units whose file or drop-in is in $current_units. Debian's units have drop-ins alone.
	manager show --property=Id,ActiveState,CanStart,FragmentPath,DropInPaths '*' | awk -v RS= -v FS='\n' -v current="$current_units/" '
		{
			for (i = 1; i <= NF; i++) { at = index($i, "="); value[substr($i, 1, at - 1)] = substr($i, at + 1) }
			managed = index(" " value["FragmentPath"] " " value["DropInPaths"], " " current) > 0
			if (value["ActiveState"] != "inactive") print value["Id"], value["ActiveState"], value["CanStart"], managed
		}' >"$work/active"
	cut -d ' ' -f 1 "$work/active" >"$work/before"
	while read -r unit state can_start managed; do
		case $state in active | activating) ;; *) continue ;; esac
		# All active targets start again, without a word: that starts what they want and is not running.
		case $unit in
		suspend.target | hibernate.target | hybrid-sleep.target) continue ;;
		*.target) [ "$can_start" != yes ] || echo "$unit" >>"$work/targets" ;;
		esac
		[ "$managed" = 1 ] || continue
		base=$unit
		case $unit in
		*@*) [ -e "$old_units/$unit" ] || [ -e "$new_units/$unit" ] || base=${unit%%@*}@.${unit##*.} ;;
		esac
		[ -e "$old_units/$base" ] || [ -d "$old_units/$base.d" ] || continue
		# Most units are as they were: that takes one process, and what follows takes ten.
		if [ ! -L "$new_units/$base" ] && [ ! -d "$old_units/$base.d" ] && [ ! -d "$new_units/$base.d" ] &&
			cmp -s "$old_units/$base" "$new_units/$base"; then
			continue
		fi
		if [ "$(readlink -f "$new_units/$base")" = /dev/null ] || { [ -e "$old_units/$base" ] && [ ! -e "$new_units/$base" ]; }; then
			[ "$(setting "$old_units" "$base" Unit X-StopOnRemoval true)" != true ] || echo "$unit" >>"$work/stop"
		elif [ "${unit%.target}" != "$unit" ]; then
			:
		elif [ "$(compared "$old_units" "$base" restart)" != "$(compared "$new_units" "$base" restart)" ]; then
			modified "$unit"
		else
			new=$(compared "$new_units" "$base" reload)
			[ -z "$new" ] || [ "$new" = "$(compared "$old_units" "$base" reload)" ] || record reload "$unit"
		fi
	done <"$work/active"
}

# jobs_of VERB UNIT…: notes the jobs that fail, and says at once what cannot become one.
jobs_of() {
	verb=$1
	shift
	[ $# -gt 0 ] || return 0
	if ! manager "$verb" "$@" 2>"$work/errors"; then
		sed -n "s/^Job for \([^ ]*\) .*/Failed to $verb ${kind:+$kind unit }\1/p
			s/^A dependency job for \([^ ]*\) failed.*/Failed to $verb ${kind:+$kind unit }\1/p" "$work/errors" >>"$work/failed-jobs"
		if [ "$verb" != stop ] && grep '^Failed to' "$work/errors" >&2; then exit_code=4; fi
	fi
}
print_failed_jobs() {
	# shellcheck disable=SC2034
	[ ! -s "$work/failed-jobs" ] || exit_code=4
	while read -r line; do print "$line"; done <"$work/failed-jobs"
}

stop_units() {
	announce stopping "$work/stop"
	# shellcheck disable=SC2046 # unit names have no blanks
	jobs_of stop $(sort -u "$work/stop")
	announce 'NOT restarting' "$work/skip" changed
}

# Reloads, restarts and starts what the lists have.
apply_units() {
	# shellcheck disable=SC2013 # unit names have no blanks
	for unit in $(sort -u "$work/reload"); do
		manager is-active --quiet "$unit" && continue
		grep -vxF "$unit" "$work/reload" >"$work/rest"
		mv "$work/rest" "$work/reload"
		forget reload "$unit"
		record start "$unit"
	done
	announce reloading "$work/reload"
	# shellcheck disable=SC2046
	jobs_of reload $(sort -u "$work/reload")
	rm -f "$lists/reload-list"
	announce restarting "$work/restart"
	# shellcheck disable=SC2046
	jobs_of restart $(sort -u "$work/restart")
	rm -f "$lists/restart-list"
	announce starting "$work/start"
	# shellcheck disable=SC2046
	jobs_of start $(sort -u "$work/start" "$work/targets")
	rm -f "$lists/start-list"
}

# Which units are failed now, and which are new.
compare_states() {
	manager show --property=Id,ActiveState,SubState,ExecMainStatus '*' | awk -v RS= -v FS='\n' -v failed="$work/failed" '
		{
			value["ExecMainStatus"] = 0
			for (i = 1; i <= NF; i++) { at = index($i, "="); value[substr($i, 1, at - 1)] = substr($i, at + 1) }
			unit = value["Id"]
			if (value["ActiveState"] == "failed" || (value["SubState"] == "auto-restart" && value["ExecMainStatus"] != 0)) print unit >failed
			else if (value["ActiveState"] != "inactive" && unit !~ /\.scope$/) print unit
		}' | sort >"$work/after"
	sort "$work/before" | comm -13 - "$work/after" >"$work/new"
}
announce_new_units() { [ ! -s "$work/new" ] || print "the following new units were started: $(named "$work/new")"; }
