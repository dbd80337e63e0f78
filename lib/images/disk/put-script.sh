#!/bin/sh
# Writes a script into a file that only root may read; for scripts that need standard input for data. Comes after prelude.sh
# and: file text
: "${file:?}" "${text:?}"
umask 077
mkdir -p "${file%/*}" && printf %s "$text" >"$file" && say end yes
