#!/bin/sh
# Reboots the machine once the reply has arrived. Comes after prelude.sh.
say end yes
if [ -d /run/systemd/system ]; then
	systemctl --no-block reboot
else
	{ sleep 1 && sync && reboot -f; } >/dev/null 2>&1 </dev/null &
fi
