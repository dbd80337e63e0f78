#!/bin/sh
# Runs a program that describes the machine's hardware, and prints what it prints; 127 where there is no such program. Comes after
# prelude.sh; gets the program and its arguments.
command -v "$1" >/dev/null || exit 127
exec "$@" </dev/null
