#!/bin/sh
# Prints a cache's path info, as the machine reads it. Comes after prelude.sh. Arguments: those of nix path-info.
nix --extra-experimental-features nix-command path-info --json "$@" </dev/null
