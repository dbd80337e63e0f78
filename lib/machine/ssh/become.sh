#!/bin/sh
# Runs a command as root through sudo with a password. The lines are joined into one for `sh -c '…'` under any login shell: no single
# quotes, exclamation marks or comments within a line, and a semicolon wherever a line break would end a command. Arguments: a marker
# and the command. The standard input holds the password, the marker, and then the command's own input.
#
# The password reaches sudo through a pipe from a shell builtin, so that it is in no argument list. The first sudo gets that line alone:
# a wrong password costs one attempt and consumes no further input. If sudo needs no password, the line is left unread (exit code 41),
# and the second sudo is not given it. `-k` ignores cached credentials, so that both calls behave alike.

# Discards input up to the marker, then executes the command.
skip="while IFS= read -r line; do [ \"\$line\" = \"\$1\" ] && shift && exec \"\$@\"; done; exit 126";
[ "$(id -u)" = 0 ] && exec sh -c "$skip" sh "$@";
# A printf that is not a builtin would get the password as an argument.
[ "$(command -v printf)" = printf ] || exit 126;
set +a; unset password; IFS= read -r password;
output=$(printf "%s\n" "$password" | LC_ALL=C sudo -k -S -p "" -- sh -c "IFS= read -r line && exit 41; exit 40" 2>&1);
case $? in
40) { printf "%s\n" "$password"; exec cat; } | sudo -k -S -p "" -- sh -c "$skip" sh "$@" ;;
41) exec sudo -n -- sh -c "$skip" sh "$@" ;;
# explain-root.ts recognises this text and this exit code.
*) printf "%s\n" "$output" "nixos-fleet: the password gave no root rights" >&2; exit 77 ;;
esac
