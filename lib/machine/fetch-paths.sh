#!/bin/sh
# Fetches store paths from the machine's caches, as far as they have them. Comes after prelude.sh and: paths (one a line).
: "${paths:?}"
printf '%s\n' "$paths" | xargs nix-store --realise --keep-going >/dev/null
