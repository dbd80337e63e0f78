#!/bin/sh
# keep.sh LOG EXIT COMMAND…: runs COMMAND, which is QEMU or execs it, detached from the process that started it. Writes its output
# to LOG and its exit code to EXIT.
set -u
log=$1 exit=$2
shift 2
exec </dev/null >"$log" 2>&1
trap '' INT HUP
rm -f "$exit"
"$@"
# By a rename: readers never see a partial number.
echo $? >"$exit.new" && mv "$exit.new" "$exit"
