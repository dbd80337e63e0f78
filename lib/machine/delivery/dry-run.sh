#!/bin/sh
# Prints what a machine's Nix would fetch of a store path, in its own words. Comes after prelude.sh; gets arguments of nix-store.
nix-store --realise --dry-run "$@" 2>&1 | sed 's/^/said=/'
say end yes
