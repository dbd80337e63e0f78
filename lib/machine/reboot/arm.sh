#!/bin/sh
# Writes the files of a trial and arms it. Comes after prelude.sh and: parameters (of trial.sh), and the texts of the files: prelude
# trial result grub_entry.
: "${parameters:?}" "${prelude:?}" "${trial:?}" "${result:?}" "${grub_entry:?}"
directory=/var/lib/nixos-fleet/trial
umask 022

put() { printf %s "$2" >"$directory/$1" || exit 4; }
rm -rf "$directory" && mkdir -p "$directory" || exit 4
put prelude.sh "$prelude"
put trial.sh "$trial"
put result.sh "$result"
put grub-entry.awk "$grub_entry"
# Only root may read the token.
(umask 077 && put parameters "$parameters") || exit 4
exec /bin/sh "$directory/trial.sh" arm </dev/null
