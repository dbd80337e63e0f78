#!/bin/sh
# Probes all builders in parallel from this machine, and prints which of them its Nix uses. Comes after prelude.sh and: builders (one
# per line, separated by tabs: name, store, file of the machine's private key), limit (seconds per builder), NIX_SSHOPTS. Prints per
# builder: answer=NAME EXIT-CODE STDOUT STDERR PUBLIC-KEY, the last three in base64.
: "${builders?}" "${limit:?}" "${NIX_SSHOPTS?}"
export NIX_SSHOPTS
nix='nix --extra-experimental-features nix-command'
tab=$(printf '\t')

# $nix must be split.
# shellcheck disable=SC2086
probe() {
	timeout "$limit" $nix store info --json --store "$2" >"$answers/$1.out" 2>"$answers/$1.err" </dev/null
	code=$?
	say answer "$1 $code $(base64 -w0 "$answers/$1.out") $(base64 -w0 "$answers/$1.err") $(
		ssh-keygen -y -P '' -f "$3" 2>/dev/null </dev/null | base64 -w0
	)" >"$answers/$1"
	rm "$answers/$1.out" "$answers/$1.err"
}

{ $nix config show 2>/dev/null || $nix show-config; } | sed -n 's/^builders = /builders=/p'
answers=$(mktemp -d) || fail 'no temporary folder could be created'
trap 'rm -r "$answers"' EXIT
trap 'exit 3' HUP INT TERM PIPE
printf '%s\n' "$builders" | {
	while IFS=$tab read -r name store key; do
		[ -z "$name" ] || probe "$name" "$store" "$key" &
	done
	wait
}
cat "$answers"/* 2>/dev/null
