# shellcheck shell=sh
# Nix. Needs common.sh, version.sh, fetch.sh, and setup set to this folder.
# Store paths are absolute, so the store must be in /nix, outside the cache folder.
# shellcheck disable=SC2154

nix_minimum=2.24
nix_version=2.34.8
nix_url=${NIXOS_FLEET_NIX_URL:-https://releases.nixos.org/nix/nix-$nix_version}
nix_debian_suite=${NIXOS_FLEET_DEBIAN_SUITE:-forky}
nix_root=${NIXOS_FLEET_NIX_ROOT:-/nix} # tests override it

# ensure_nix: installs Nix unless there is one ≥ 2.24. Sets nix_path to what to put before PATH (empty: PATH's is used) and
# nix_conf to the folder of its configuration (empty: the computer's own).
ensure_nix() {
	nix_path='' nix_conf=
	if have_own nix && version_at_least "$(nix --version 2>/dev/null)" "$nix_minimum"; then
		say "nix: $(nix --version) is on the PATH"
		return
	fi
	# An installed Nix that is on the PATH of login shells only.
	for nix_path in "$nix_root/var/nix/profiles/default/bin" "$HOME/.nix-profile/bin"; do
		if [ -x "$nix_path/nix" ] && version_at_least "$("$nix_path/nix" --version 2>/dev/null)" "$nix_minimum"; then
			say "nix: $("$nix_path/nix" --version) is in $nix_path"
			return
		fi
	done
	nix_place
	nix_dir=$fleet_home/nix-$nix_version nix_path=$fleet_home/nix-$nix_version/bin nix_conf=$fleet_home/nix-$nix_version/etc
	if [ -x "$nix_path/nix" ]; then
		say "nix: $nix_version is in the cache folder"
	else
		nix_from_release || nix_from_debian || die "Nix ≥ $nix_minimum could not be installed" \
			"neither its release nor Debian $nix_debian_suite's package could be fetched (see above)" "install Nix ≥ $nix_minimum and run this again"
		nix_configure
		nix_test_build || {
			rm -rf "$nix_dir"
			die "the installed Nix cannot build" "see $fleet_home/logs/nix.log" "install Nix ≥ $nix_minimum and run this again"
		}
		say "nix: $("$nix_path/nix" --version) installed; a build in its sandbox works"
		return
	fi
	nix_configure
}

# nix_place: creates /nix/store, or checks that it is writable.
nix_place() {
	[ "$(uname -s)" = Linux ] || die "Nix cannot be installed on this computer" "the set-up installs it on Linux only" "install Nix ≥ $nix_minimum"
	if [ -e "$nix_root/store" ]; then
		[ ! -w "$nix_root/store" ] || return 0
		die "Nix cannot be installed" "$nix_root belongs to another Nix and $(id -un) may not write to it" \
			"put that Nix (≥ $nix_minimum) on the PATH, or run this as root"
	fi
	nix_others=$(ls -A "$nix_root" 2>/dev/null) || nix_others=
	if [ -w "$nix_root" ] || mkdir -p "$nix_root" 2>/dev/null; then
		mkdir -p "$nix_root/store"
		# What was there before is not removed with it.
		[ -z "$nix_others" ] || return 0
		echo "Created by the set-up of nixos-fleet; setup/remove removes it." >"$nix_root/.nixos-fleet"
		return
	fi
	die "Nix cannot be installed without root" "store paths are absolute: they need the folder $nix_root, which only root can create
        (the lab's containers need root as well)" \
		"run this as root, or once 'sudo install -d -o $(id -un) $nix_root', or install Nix ≥ $nix_minimum"
}

# The release is part of a store: its paths go into /nix/store and its database. The official installer does the same, but
# also edits shell profiles and adds channels.
nix_from_release() {
	nix_archive=nix-$nix_version-$(nix_system).tar.xz
	nix_sum=$(fetch_text "$nix_url/$nix_archive.sha256" | cut -d ' ' -f 1)
	[ "${#nix_sum}" -eq 64 ] || nix_sum=
	nix_sum=$(release_sum nix "$nix_archive" "$nix_sum")
	if [ -z "$nix_sum" ]; then
		say "nix: official release not reachable, using Debian $nix_debian_suite's package"
		return 1
	fi
	have xz || {
		say "nix: xz, which unpacks the official release, is missing, using Debian $nix_debian_suite's package"
		return 1
	}
	fetch_file nix "$nix_url/$nix_archive" "$nix_sum" || return 1
	new_folder "nix-$nix_version"
	nix_unpacked=$fleet_temporary/unpacked
	mkdir "$nix_unpacked"
	xz -dc "$fetched" | tar -xf - -C "$nix_unpacked" --strip-components=1 || return 1
	for nix_item in "$nix_unpacked"/store/*; do
		nix_target=$nix_root/store/${nix_item##*/}
		[ ! -e "$nix_target" ] || continue
		rm -rf "$nix_target.part"
		cp -a "$nix_item" "$nix_target.part" && chmod -R a-w "$nix_target.part" && mv "$nix_target.part" "$nix_target" || return 1
	done
	nix_own=$(cd "$nix_unpacked/store" && ls -d ./*-nix-"$nix_version")
	nix_own=$nix_root/store/${nix_own#./}
	"$nix_own/bin/nix-store" --load-db <"$nix_unpacked/.reginfo" || return 1
	mkdir -p "$nix_root/var/nix/gcroots" && ln -sfn "$nix_own" "$nix_root/var/nix/gcroots/nixos-fleet" || return 1
	rm -rf "$nix_unpacked"
	ln -s "$nix_own/bin" "$fleet_temporary/bin"
	put_in_place "nix-$nix_version"
	rm -f "$fetched"
}

# Debian's package, unpacked and not installed. Only the nix binary is patched to use its own libraries; the other commands
# are links to it.
nix_from_debian() {
	nix_debs=$fleet_home/debs/nix
	NIXOS_FLEET_STARTED=$fleet_started "$setup/debs" "$nix_debian_suite" "$nix_debs" nix-bin bash-static patchelf 9>&- || return 1
	nix_found=$(sed -n 's/^nix-bin_\([0-9.]*\).*/\1/p' "$nix_debs/manifest")
	version_at_least "$nix_found" "$nix_minimum" || {
		say "nix: Debian $nix_debian_suite has only $nix_found"
		return 1
	}
	[ "$nix_found" = "$nix_version" ] || say "nix: Debian $nix_debian_suite now has $nix_found"
	new_folder "nix-$nix_version"
	say "nix: unpacking"
	while read -r nix_deb _; do
		case $nix_deb in perl* | libperl* | debconf* | passwd_* | base-passwd_* | login.defs_*) continue ;; esac
		dpkg-deb -x "$nix_debs/$nix_deb" "$fleet_temporary/root" || return 1
	done <"$nix_debs/manifest"
	nix_ld=$(find "$fleet_temporary/root/usr/lib" -name 'ld-linux*.so.*' | head -n 1)
	nix_lib=${nix_ld%/*}
	[ -n "$nix_ld" ] || return 1
	# Paths after the move. Until then only patchelf runs from here.
	nix_final=$nix_dir${nix_lib#"$fleet_temporary"}
	"$nix_ld" --library-path "$nix_lib" "$fleet_temporary/root/usr/bin/patchelf" --set-interpreter "$nix_final/${nix_ld##*/}" \
		--force-rpath --set-rpath "$nix_final" "$fleet_temporary/root/usr/bin/nix" || return 1
	mkdir "$fleet_temporary/bin"
	for nix_name in "$fleet_temporary"/root/usr/bin/nix*; do
		ln -s "../root/usr/bin/${nix_name##*/}" "$fleet_temporary/bin/${nix_name##*/}"
	done
	cp "$fleet_temporary/root/usr/bin/bash-static" "$fleet_temporary/sh"
	find "$fleet_temporary/root" -mindepth 1 -maxdepth 1 ! -name usr -exec rm -rf {} +
	find "$fleet_temporary/root/usr" -mindepth 1 -maxdepth 1 ! -name bin ! -name lib -exec rm -rf {} +
	find "$fleet_temporary/root/usr/bin" -mindepth 1 ! -name 'nix*' -exec rm -rf {} +
	put_in_place "nix-$nix_version"
	rm -rf "$nix_debs"
}

# nix_configure: single-user, flakes, sandbox; binary caches only if reachable.
nix_configure() {
	mkdir -p "$nix_conf"
	nix_caches=$(NIX_CONF_DIR=/var/empty NIX_USER_CONF_FILES='' NIX_CONFIG='' \
		"$nix_path/nix" --extra-experimental-features nix-command config show substituters 2>/dev/null || :)
	nix_cache=${nix_caches%% *}
	{
		echo "# Written by setup/ of nixos-fleet; used only under setup/with."
		echo "experimental-features = nix-command flakes"
		echo "build-users-group ="
		echo "max-jobs = auto"
		echo "sandbox = true"
		[ ! -x "$nix_dir/sh" ] || echo "sandbox-paths = /bin/sh=$nix_dir/sh"
		echo "connect-timeout = 5"
		echo "fallback = true"
		echo "warn-dirty = false"
		if [ -z "$nix_cache" ] || ! fetch_text "${nix_cache%/}/nix-cache-info" >/dev/null; then
			say "nix: its default binary cache is not reachable; configured without one" >&2
			echo "substituters ="
			echo "flake-registry ="
		fi
	} >"$nix_conf/nix.conf.new"
	cmp -s "$nix_conf/nix.conf.new" "$nix_conf/nix.conf" || cp "$nix_conf/nix.conf.new" "$nix_conf/nix.conf"
	rm -f "$nix_conf/nix.conf.new"
}

# nix_test_build: whether Nix can build a derivation, in the sandbox, with /bin/sh.
nix_test_build() {
	run "nix: trying a build" "$fleet_home/logs/nix.log" env "NIX_CONF_DIR=$nix_conf" "$nix_path/nix" build --impure --no-link --expr "
		derivation {
			name = \"nixos-fleet-setup\";
			system = builtins.currentSystem;
			builder = \"/bin/sh\";
			args = [ \"-c\" \"echo \$\$ > \$out\" ];
			now = \"$fleet_started\";
		}"
}
