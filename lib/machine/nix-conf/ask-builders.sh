#!/bin/sh
# Asks builders, all at once, whether they build for this machine, and prints which ones its Nix uses. Comes after prelude.sh and:
# builders (one a line: name, store, file of the machine's private key, apart by tabs), limit (seconds that an answer may take),
# NIX_SSHOPTS. Prints for each: answer=NAME EXIT-CODE STDOUT STDERR PUBLIC-KEY, the last three in base64.
: "${builders?}" "${limit:?}" "${NIX_SSHOPTS?}"
export NIX_SSHOPTS
nix='nix --extra-experimental-features nix-command'
tab=$(printf '\t')

# $nix is words.
# shellcheck disable=SC2086
ask() {
	timeout "$limit" $nix store info --json --store "$2" >"$answers/$1.out" 2>"$answers/$1.err" </dev/null
	code=$?
	say answer "$1 $code $(base64 -w0 "$answers/$1.out") $(base64 -w0 "$answers/$1.err") $(
		ssh-keygen -y -P '' -f "$3" 2>/dev/null </dev/null | base64 -w0
	)" >"$answers/$1"
	rm "$answers/$1.out" "$answers/$1.err"
}

{ $nix config show 2>/dev/null || $nix show-config; } | sed -n 's/^builders = /builders=/p'
answers=$(mktemp -d)
printf '%s\n' "$builders" | {
	while IFS=$tab read -r name store key; do
		[ -z "$name" ] || ask "$name" "$store" "$key" &
	done
	wait
}
cat "$answers"/* 2>/dev/null
rm -r "$answers"
