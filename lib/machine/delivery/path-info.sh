#!/bin/sh
# Prints what a cache has of a store path, as the machine sees it. Comes after prelude.sh; gets arguments of nix path-info.
nix --extra-experimental-features nix-command path-info --json "$@" </dev/null
