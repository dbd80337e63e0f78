#!/bin/sh
# Answers a boot on trial, if the machine runs the system that is on trial. Comes after prelude.sh and: system answer (confirm or
# reject) text (the token, or the reason).
: "${system:?}" "${answer:?}" "${text:?}"
file=/var/lib/nixos-fleet/trial/$answer

[ "$(target /run/booted-system)" = "$system" ] || fail 'the machine does not run the desired system any more'
printf %s "$text" >"$file.part" && mv "$file.part" "$file" && say end yes
