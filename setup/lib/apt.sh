# shellcheck shell=sh
# apt with its own lists, status, archives and configuration: it sees a computer without packages and leaves the system's apt
# unchanged. Archive, proxies and certificates come from the system's apt configuration; signatures are verified.
# Needs common.sh.
# shellcheck disable=SC2016,SC2154

# apt_source SUITE: prints deb822 sources for the Debian SUITE.
# NIXOS_FLEET_DEBIAN_URI names an archive if the system's apt has none (a computer without Debian).
apt_source() {
	apt_keyring=${NIXOS_FLEET_DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
	[ -r "$apt_keyring" ] || apt_keyring=
	if [ -n "${NIXOS_FLEET_DEBIAN_URI-}" ]; then
		apt_stanza "$NIXOS_FLEET_DEBIAN_URI" "$1"
		return
	fi
	apt_known=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN)' 'Created-By: Packages' | sort -u)
	# Before the first `apt-get update` a record has no origin, so a Debian suite's name counts too.
	apt_main=$(printf '%s\n' "$apt_known" | awk '
		$2 ~ /^(buster|bullseye|bookworm|trixie|forky|duke|sid|stable|oldstable|testing|unstable)$/ && ($3 == "Debian" || $3 == "" || $3 ~ /^\$/) { print $1; exit }')
	[ -n "$apt_main" ] || return 1
	apt_stanza "$apt_main" "$1"
	# The computer's own suite also has updates and security fixes; other suites are used without.
	printf '%s\n' "$apt_known" | awk -v suite="$1" '$2 == suite "-security" || $2 == suite "-updates" { print $1, $2 }' |
		while read -r apt_uri apt_suite; do apt_stanza "$apt_uri" "$apt_suite"; done
}

apt_stanza() {
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$1" "$2"
	[ -z "$apt_keyring" ] || printf 'Signed-By: %s\n' "$apt_keyring"
	echo
}

# apt_prepare SUITE: creates folders and configuration for SUITE; required before apt_get.
apt_prepare() {
	for apt_tool in apt-get apt-config dpkg dpkg-deb; do
		have "$apt_tool" || die "Debian's $1 packages cannot be fetched" "this computer has no $apt_tool (it is not Debian-like)" \
			"install Nix (≥ 2.24), systemd-nspawn and mmdebstrap with this computer's own package manager; tools on PATH are used"
	done
	apt_dir=$fleet_home/apt/$1
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial" "$apt_dir/empty"
	: >"$apt_dir/status"
	apt_source "$1" >"$apt_dir/$1.sources.new" || die "Debian's $1 packages cannot be fetched" \
		"this computer's apt has no Debian archive" "set NIXOS_FLEET_DEBIAN_URI to one (and NIXOS_FLEET_DEBIAN_KEYRING to its keyring)"
	if ! cmp -s "$apt_dir/$1.sources.new" "$apt_dir/$1.sources"; then
		mv "$apt_dir/$1.sources.new" "$apt_dir/$1.sources"
		rm -f "$apt_dir/updated"
	fi
	{
		# Network settings of the system's apt, without its hooks (some delete the system's files).
		apt-config dump | grep -E '^(Acquire::(http|https|ftp|Check-|ForceIPv|Retries|Queue-Mode)|Dir::Bin)' || :
		cat <<-CONF
			Dir::Etc::parts "$apt_dir/empty/";
			Dir::Etc::main "/dev/null";
			Dir::Etc::sourcelist "$apt_dir/$1.sources";
			Dir::Etc::sourceparts "$apt_dir/empty/";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "$apt_dir/empty/";
			Dir::State "$apt_dir";
			Dir::State::lists "$apt_dir/lists/";
			Dir::State::status "$apt_dir/status";
			Dir::Cache "$apt_dir";
			Dir::Cache::archives "$apt_dir/archives/";
			Dir::Cache::pkgcache "";
			Dir::Cache::srcpkgcache "";
			Dir::Log "$apt_dir";
			APT::Architectures { "$(dpkg --print-architecture)"; };
			APT::Install-Recommends "0";
			APT::Install-Suggests "0";
			APT::Sandbox::User "";
			Acquire::AllowInsecureRepositories "0";
			Acquire::Languages { "none"; };
			Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "0";
			Acquire::Retries "3";
		CONF
	} >"$apt_dir/apt.conf"
}

apt_get() {
	APT_CONFIG=$apt_dir/apt.conf LC_ALL=C apt-get "$@"
}

apt_cache() {
	APT_CONFIG=$apt_dir/apt.conf LC_ALL=C apt-cache "$@"
}

# apt_update SUITE [now]: fetches the package lists; without `now` only if they are older than a day.
apt_update() {
	[ "${2-}" = now ] || [ -z "$(find "$apt_dir/updated" -mtime -1 2>/dev/null)" ] || return 0
	rm -f "$apt_dir/updated"
	run "apt: reading the package lists of Debian $1" "$apt_dir/update.log" \
		env "APT_CONFIG=$apt_dir/apt.conf" LC_ALL=C apt-get -o Dpkg::Use-Pty=0 update ||
		die "the package lists of Debian $1 cannot be fetched" "see $apt_dir/update.log" \
			"check that this computer's own 'apt-get update' works, then run the same command again"
	! grep -E '^(E|W):' "$apt_dir/update.log" >"$apt_dir/update.warnings" ||
		die "the package lists of Debian $1 are incomplete or not verified" "$(head -n 1 "$apt_dir/update.warnings")" \
			"check that this computer's own 'apt-get update' works, then run the same command again"
	touch "$apt_dir/updated"
}
