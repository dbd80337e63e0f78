#!/bin/sh
# Confirms or rejects a boot on trial, if the machine has booted the system on trial. Comes after prelude.sh and: system answer
# (confirm or reject) text (the token, or the reason).
: "${system:?}" "${answer:?}" "${text:?}"
file=/var/lib/nixos-fleet/trial/$answer

[ "$(target /run/booted-system)" = "$system" ] || fail 'the machine no longer runs the system on trial'
printf %s "$text" >"$file.part" && mv "$file.part" "$file" && say end yes
