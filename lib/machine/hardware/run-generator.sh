#!/bin/sh
# Runs a program that detects the machine's hardware. Exits with 127 if it does not exist. Comes after prelude.sh. Arguments: the
# program and its arguments.
command -v "$1" >/dev/null || exit 127
exec "$@" </dev/null
