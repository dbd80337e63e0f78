#!/bin/sh
# Prints which store paths are not valid in the machine's store. Comes after prelude.sh and: paths (one a line).
: "${paths:?}"
printf '%s\n' "$paths" | xargs nix-store --check-validity --print-invalid
