# shellcheck shell=sh
# What must not change under a running system (system.switch.inhibitors).

# inhibitors FILE: its names and values, as they are in JSON, a pair a line with a tab between. The file is a map of strings.
inhibitors() {
	awk '{
		while (match($0, /"([^"\\]|\\.)*"/)) {
			text = substr($0, RSTART + 1, RLENGTH - 2)
			$0 = substr($0, RSTART + RLENGTH)
			if (named) print name "\t" text
			else name = text
			named = !named
		}
	}' "$1" 2>/dev/null
}
# changed_inhibitors OLD NEW: the names whose values two systems differ in. As for NixOS, one that a system does not have forbids
# nothing: a new nixpkgs adds some.
changed_inhibitors() {
	if [ ! -e "$2/switch-inhibitors" ] || cmp -s "$1/switch-inhibitors" "$2/switch-inhibitors"; then return; fi
	{
		inhibitors "$1/switch-inhibitors"
		echo
		inhibitors "$2/switch-inhibitors"
	} | awk -F '\t' '
		$0 == "" { new = 1; next }
		!new { old[$1] = $2; next }
		($1 in old) && old[$1] != $2 { print $1 }' | sort | tr '\n' ' '
}
