#!/bin/sh
# check-kernel-config.sh CONFIG REQUIRED: checks that a machine can boot a kernel that was built outside Nix. CONFIG is its .config,
# REQUIRED the required lines. The initrd only has modules of the machine's own kernel, so symbols must be built in, not modules.
# Prints every line that is not met, and exits with 1 if there are any.
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
