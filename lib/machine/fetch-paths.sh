#!/bin/sh
# Has the machine fetch from its caches what they have of store paths. Comes after prelude.sh and: paths (one a line).
: "${paths:?}"
printf '%s\n' "$paths" | xargs nix-store --realise --keep-going >/dev/null
