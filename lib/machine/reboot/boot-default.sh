#!/bin/sh
# Before a reboot without a trial: makes a system the boot loader's default, and cancels what was to boot once. Comes after prelude.sh,
# lock.sh, boot-state.sh and: system profile by. Prints state=set, or log= if the boot loader could not be set.
: "${system:?}" "${by:?}"

if ! take_lock reboot "$by" 30; then
	cat /run/nixos-fleet/holder
	say state busy
	exit 3
fi
disarm_trial || fail "the boot loader's choice for the next boot could not be cleared"
boot_log=/run/nixos-fleet/boot-default.log
: >"$boot_log"
if ! default_is "$system" && ! set_default "$system"; then
	tail -n 15 "$boot_log" | say64 log
	fail 'switch-to-configuration boot failed'
fi
release_lock
say state set
