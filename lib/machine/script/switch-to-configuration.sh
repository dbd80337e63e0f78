#!/bin/sh
# Runs a system's switch-to-configuration with stderr merged into stdout. Comes after prelude.sh. Arguments: the system's path, the
# action.
exec "$1/bin/switch-to-configuration" "$2" 2>&1 </dev/null
