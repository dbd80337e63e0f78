#!/bin/sh
# keep.sh LOG EXIT COMMAND…: runs COMMAND, which is QEMU or becomes it, detached from whoever started it, and leaves its exit
# code in the file EXIT. What it says goes into LOG.
set -u
log=$1 exit=$2
shift 2
exec </dev/null >"$log" 2>&1
trap '' INT HUP
rm -f "$exit"
"$@"
# A rename: a reader never sees half a number.
echo $? >"$exit.new" && mv "$exit.new" "$exit"
