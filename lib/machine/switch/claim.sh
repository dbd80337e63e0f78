#!/bin/sh
# Takes the folder of a switch whose start was not answered, so that it cannot start any more; prints whether that came too late. Comes
# after prelude.sh and: unit reason (of a rejection of the switch if it has started; empty for none).
: "${unit:?}" "${reason?}"
directory=/run/nixos-fleet/units/$unit

mkdir -p "${directory%/*}"
if mkdir "$directory" 2>/dev/null; then
	say state not-started
else
	[ -d "$directory" ] || fail "$directory cannot be created"
	if [ -n "$reason" ]; then printf %s "$reason" | write "$directory/reject" || fail 'the rejection could not be written'; fi
	say state started
fi
say end yes
