#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these
# pre-switch-checks OLD NEW ACTION: runs all checks, and fails if one does.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$busybox/bin"
result=0
while read -r name file; do
	if ! "$busybox/bin/sh" -eu "$file" "$@" </dev/null; then
		echo "Pre-switch check '$name' failed" >&2
		result=1
	fi
done <"$system/lib/checks"

# What must not change under a running system.
if [ -e "$1/switch-inhibitors" ] && ! cmp -s "$1/switch-inhibitors" "$2/switch-inhibitors"; then
	echo "There are changes to critical components of the system:" >&2
	echo "  running: $(cat "$1/switch-inhibitors")" >&2
	echo "  new:     $(cat "$2/switch-inhibitors")" >&2
	echo "Switching into this system is not recommended: use 'boot' and restart the machine." >&2
	result=1
fi
exit $result
