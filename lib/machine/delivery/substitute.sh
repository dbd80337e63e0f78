#!/bin/sh
# Fetches store paths from the machine's caches. Comes after prelude.sh. Arguments: those of nix-store --realise.
nix-store --realise "$@" >/dev/null </dev/null
