# shellcheck shell=sh
# The check that refuses to switch where what must not change under a running system changes: keys that both systems have.
incoming=${1-} action=${2-}
case $action in
boot | dry-activate)
	echo "Not checking switch inhibitors (action = $action)"
	exit
	;;
esac
printf 'Checking switch inhibitors...'
# pairs FILE: `"name":"value` a line, of the JSON that make-toplevel.sh writes.
pairs() { [ ! -f "$1" ] || { sed 's/^{//; s/"}$//; s/","/\n"/g' "$1"; echo; }; }
{
	pairs /run/current-system/switch-inhibitors
	echo
	pairs "$incoming/switch-inhibitors"
} >"/run/nixos/inhibitors.$$"
changes=$(awk -F '":"' '
	$0 == "" { new = 1; next }
	!new { old[$1] = $2; next }
	($1 in old) && old[$1] != $2 { print substr($1, 2) " : " old[$1] " -> " $2 }' "/run/nixos/inhibitors.$$")
rm -f "/run/nixos/inhibitors.$$"
if [ -z "$changes" ]; then
	echo ' done'
	exit
fi
cat <<REFUSED

There are changes to critical components of the system:

$changes

Switching into this system is not recommended.
You probably want to run 'nixos-rebuild boot' and reboot your system instead.

If you really want to switch into this configuration directly, then
you can set NIXOS_NO_CHECK=1 to ignore pre-switch checks.

WARNING: doing so might cause the switch to fail or your system to become unstable.

REFUSED
exit 1
