#!/bin/sh
# Prints the caches and trusted keys in the machine's effective Nix configuration. Comes after prelude.sh.
{
	nix --extra-experimental-features nix-command config show 2>/dev/null ||
		# Nix before 2.20.
		nix --extra-experimental-features nix-command show-config
} | sed -n -e 's/^substituters = /substituters=/p' -e 's/^trusted-public-keys = /trusted-keys=/p'
