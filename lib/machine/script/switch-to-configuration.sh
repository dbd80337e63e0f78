#!/bin/sh
# Runs a system's switch-to-configuration with one of its actions, and prints all that it prints. Comes after prelude.sh; gets the
# system's path and the action.
exec "$1/bin/switch-to-configuration" "$2" 2>&1 </dev/null
