#!/bin/sh
# Prints which caches and which keys a machine's Nix uses, all its configuration files taken together. Comes after prelude.sh.
{
	nix --extra-experimental-features nix-command config show 2>/dev/null ||
		# Of an older Nix.
		nix --extra-experimental-features nix-command show-config
} | sed -n -e 's/^substituters = /substituters=/p' -e 's/^trusted-public-keys = /trusted-keys=/p'
