#!/bin/sh
# Fails if any systemd unit has failed, and prints the failed units.
failed=$(systemctl list-units --plain --no-legend --no-pager --state=failed --all | sed 's/[[:space:]].*//' | tr '\n' ' ')
[ -z "$failed" ] || {
	printf 'failed units: %s\n' "${failed% }"
	exit 1
}
