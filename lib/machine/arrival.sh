#!/bin/sh
# Prints the network interface on which this ssh connection arrives; nothing where it cannot be found out. Changes nothing. Comes
# after prelude.sh.
connection='' pid=$$
# sudo clears the environment, but its parents keep theirs.
while [ "${pid:-0}" -gt 1 ]; do
	connection=$(tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p' | head -n 1)
	[ -z "$connection" ] || break
	pid=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status" 2>/dev/null)
done
# CLIENT PORT SERVER PORT
client=${connection%% *}
server=${connection#* * } server=${server%% *}
interface=''
case $client in
'') ;;
*%*) interface=${client#*%} ;;
*) interface=$(ip -o route get "$client" from "$server" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1) ;;
esac
say interface "$interface"
say end yes
