#!/bin/sh
# check-kernel-config.sh CONFIG REQUIRED: whether a kernel that was built outside Nix has what a machine needs to boot from it.
# CONFIG is its .config, REQUIRED the lines that are needed. The machine's initrd holds modules of its own kernel alone, so what is
# a module in CONFIG is as good as missing: it must be built in. Names every line that is not met, and ends with 1.
set -eu
awk -v config="$1" '
	function symbol(line) { sub(/^# /, "", line); sub(/[= ].*/, "", line); return line }
	function value(line) { if (line ~ /^# .* is not set$/) return "n"; sub(/^[^=]*=/, "", line); return line }
	/^(# )?CONFIG_/ {
		if (FILENAME == config) { have[symbol($0)] = value($0); next }
		name = symbol($0)
		wanted = value($0)
		is = name in have ? have[name] : "n"
		if (wanted == "m") wanted = "y"
		if (is == wanted) next
		why = is == "m" && wanted == "y" ? ", a module, which the initrd does not have: build it in" : ""
		print "  " name " must be " wanted " and is " is why
		lacking = 1
	}
	END { exit lacking }
' "$1" "$2"
