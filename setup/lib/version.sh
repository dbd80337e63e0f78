# shellcheck shell=sh
# Versions and platforms.

# version_at_least HAVE WANT: whether version HAVE is WANT or newer. A leading "v" and suffixes ("+dfsg", "-dev") are
# ignored; an empty version is never new enough.
version_at_least() {
	version_have=$(version_numbers "$1") version_want=$(version_numbers "$2")
	[ -n "$version_have" ] || return 1
	while [ -n "$version_want" ]; do
		version_h=${version_have%%.*} version_w=${version_want%%.*}
		[ "${version_h:-0}" -le "${version_w:-0}" ] || return 0
		[ "${version_h:-0}" -ge "${version_w:-0}" ] || return 1
		case $version_have in *.*) version_have=${version_have#*.} ;; *) version_have= ;; esac
		case $version_want in *.*) version_want=${version_want#*.} ;; *) version_want= ;; esac
	done
}

# version_numbers TEXT: the first dotted number in TEXT ("nix (Nix) 2.34.8" → "2.34.8"), or nothing.
version_numbers() {
	printf '%s\n' "$1" | sed -n '1s/^[^0-9]*\([0-9][0-9]*\(\.[0-9][0-9]*\)*\).*/\1/p'
}

# platform: this computer as the registries name it: "linux-x64", "linux-arm64", "darwin-arm64", …
platform() {
	case $(uname -s) in
	Linux) platform_os=linux ;;
	Darwin) platform_os=darwin ;;
	*) platform_os=$(uname -s) ;;
	esac
	case $(uname -m) in
	x86_64 | amd64) echo "$platform_os-x64" ;;
	aarch64 | arm64) echo "$platform_os-arm64" ;;
	*) echo "$platform_os-$(uname -m)" ;;
	esac
}

# nix_system: this computer as Nix names it: "x86_64-linux", …
nix_system() {
	case $(uname -m) in arm64) nix_machine=aarch64 ;; *) nix_machine=$(uname -m) ;; esac
	case $(uname -s) in Darwin) echo "$nix_machine-darwin" ;; *) echo "$nix_machine-linux" ;; esac
}
