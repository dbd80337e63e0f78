#!/bin/sh
# Fails where systemd units have failed, and names them.
failed=$(systemctl list-units --plain --no-legend --no-pager --state=failed --all | sed 's/[[:space:]].*//' | tr '\n' ' ')
[ -z "$failed" ] || {
	printf 'failed units: %s\n' "${failed% }"
	exit 1
}
