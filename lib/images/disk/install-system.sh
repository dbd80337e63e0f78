#!/bin/sh
# Installs a system that is in the store below /mnt, and its boot loader. Comes after prelude.sh, before release.sh, and: system,
# keep_host_keys (yes or no).
: "${system:?}" "${keep_host_keys:?}"
log=/run/nixos-fleet/install.log

if [ "$keep_host_keys" = yes ]; then
	mkdir -p /mnt/etc/ssh
	for key in /etc/ssh/ssh_host_*; do
		[ -e "$key" ] || continue
		if ! cp -pL "$key" /mnt/etc/ssh/ || ! chown 0:0 "/mnt/etc/ssh/${key##*/}"; then
			fail "$key could not be copied: $(df -k /mnt | tail -n 1)"
		fi
		say kept "${key##*/}"
	done
fi
nixos-install --root /mnt --system "$system" --no-root-passwd --no-channel-copy >"$log" 2>&1 </dev/null ||
	fail "nixos-install failed: $(tail -n 5 "$log")"
profiles=/mnt/nix/var/nix/profiles
[ "$(readlink "$profiles/$(readlink "$profiles/system")")" = "$system" ] || fail 'nixos-install set another system as the profile'
