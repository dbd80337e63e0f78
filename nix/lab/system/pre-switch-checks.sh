#!/bin/sh
# shellcheck disable=SC2154 # $system and $busybox are set in lines put before these
# pre-switch-checks SYSTEM ACTION: runs the checks one by one; the first that fails is named and is the last.
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$busybox/bin"
while read -r name file; do
	"$busybox/bin/sh" -eu "$file" "$@" </dev/null >&2 || {
		echo "Pre-switch check '$name' failed" >&2
		exit 1
	}
done <"$system/lib/checks"
