#!/bin/sh
# Prints what nix-store would fetch for a store path, as its output lines said=…. Comes after prelude.sh. Arguments: those of nix-store.
nix-store --realise --dry-run "$@" 2>&1 | sed 's/^/said=/'
say end yes
