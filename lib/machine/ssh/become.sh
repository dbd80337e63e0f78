#!/bin/sh
# Runs a command as root by sudo with a password. Its lines are joined into one, for `sh -c '…'` in whatever login shell there is: no
# single quote, exclamation mark or comment within, and a semicolon wherever a line break would end a command. Gets a marker and the
# command. On the standard input are the password, the marker, and then the command's own input.
#
# The password goes to sudo through a pipe of a shell's own words. The first sudo has nothing but that line: a wrong password costs
# one attempt and eats nothing of what follows, and where sudo asks for none, the line is still there to be read, and the second one
# is not given it. `-k` keeps an earlier success from deciding which of the two it is.

# Reads on until the marker has come, whatever was read before, and then becomes the command.
skip="while IFS= read -r line; do [ \"\$line\" = \"\$1\" ] && shift && exec \"\$@\"; done; exit 126";
[ "$(id -u)" = 0 ] && exec sh -c "$skip" sh "$@";
# Of another program, the password would be an argument.
[ "$(command -v printf)" = printf ] || exit 126;
set +a; unset password; IFS= read -r password;
said=$(printf "%s\n" "$password" | LC_ALL=C sudo -k -S -p "" -- sh -c "IFS= read -r line && exit 41; exit 40" 2>&1);
case $? in
40) { printf "%s\n" "$password"; exec cat; } | sudo -k -S -p "" -- sh -c "$skip" sh "$@" ;;
41) exec sudo -n -- sh -c "$skip" sh "$@" ;;
# explain-root.ts knows it by these words and by this exit code.
*) printf "%s\n" "$said" "nixos-fleet: the password gave no root rights" >&2; exit 77 ;;
esac
