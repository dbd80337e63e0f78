# nixos-fleet-rollback [--kexec] [GENERATION]: sets an earlier generation for the next boot, and reboots into it.
# Default: the newest generation before the profile's. Comes after prelude.sh, lock.sh and boot-state.sh.
# shellcheck shell=sh disable=SC2154 # variables of boot-state.sh
method=reboot
if [ "${1:-}" = --kexec ]; then
	method=kexec
	shift
fi
case ${1:-} in
*[!0-9]*)
	echo "usage: nixos-fleet-rollback [--kexec] [GENERATION]" >&2
	exit 2
	;;
esac
stop() {
	echo "nixos-fleet-rollback: $1" >&2
	exit 1
}
[ "$(id -u)" = 0 ] || stop 'needs root'
take_lock nixos-fleet-rollback "${SUDO_USER:-root}" || {
	cat "$run/holder" >&2
	stop 'a deployment is in progress'
}
echo nixos-fleet-rollback | write "$run/latest"
disarm_trial || stop "the boot loader's choice for the next boot could not be cleared"
before=$(target "$profile") generation=$(profile_generation) by_default=$(boot_default)
if [ -n "${1:-}" ]; then
	nix-env -p "$profile" --switch-generation "$1"
else
	nix-env -p "$profile" --rollback
fi || stop 'nix-env could not set the generation'
system=$(target "$profile")
if ! "$system/bin/switch-to-configuration" boot 9>&-; then
	nix-env -p "$profile" --switch-generation "$generation" && set_default "${by_default:-$before}"
	stop "the boot loader could not be set to $system: profile and boot loader are set back to $before"
fi
if [ "$method" = kexec ] && ! load_kexec "$system"; then stop "the kernel of $system could not be loaded; a reboot starts it"; fi
echo "nixos-fleet-rollback: $method into $system"
systemctl "$method"
# Hold the lock until the shutdown ends this process.
exec sleep 600
