# shellcheck shell=sh
# The environment with the tools on PATH: set up once, then read from a small file.
# Needs common.sh, and setup set to this folder.
# shellcheck disable=SC2154

# environment_file: sets environment to the file for this PATH, these tools, this checkout and this version of the set-up.
environment_file() {
	environment_stats=
	for environment_tool in node pulumi pulumi-language-nodejs nix npm; do
		environment_found=$(command -v "$environment_tool") || environment_found=
		environment_stats="$environment_stats $environment_found"
	done
	# Names, sizes and times of all files that the result depends on.
	# shellcheck disable=SC2086
	environment_stats=$(stat -L -c '%n %s %y' $environment_stats "${setup%/*}/package-lock.json" \
		"${setup%/*}/node_modules/.package-lock.json" "$setup"/lib/* "$setup/pulumi/go.sum" 2>/dev/null || :)
	environment=$(printf '%s\n' "$PATH" "$fleet_home" "$setup" "$environment_stats" "${NIXOS_FLEET_OFFLINE-}" \
		"${NIXOS_FLEET_NIX_ROOT-}" | cksum)
	environment=$fleet_home/env/${environment%% *}.sh
}

# ensure_all: installs what is missing and writes the environment's file.
ensure_all() {
	# shellcheck source-path=SCRIPTDIR source=version.sh
	. "$setup/lib/version.sh"
	# shellcheck source-path=SCRIPTDIR source=fetch.sh
	. "$setup/lib/fetch.sh"
	# shellcheck source-path=SCRIPTDIR source=node.sh
	. "$setup/lib/node.sh"
	# shellcheck source-path=SCRIPTDIR source=pulumi.sh
	. "$setup/lib/pulumi.sh"
	# shellcheck source-path=SCRIPTDIR source=nix.sh
	. "$setup/lib/nix.sh"
	# shellcheck source-path=SCRIPTDIR source=modules.sh
	. "$setup/lib/modules.sh"
	lock setup
	environment_path=$PATH

	ensure_node
	PATH=${node_path:+$node_path:}$environment_path
	ensure_modules
	ensure_nix
	ensure_pulumi

	PATH=$environment_path
	environment_file
	mkdir -p "$fleet_home/env"
	find "$fleet_home/env" -name '*.sh' -mtime +30 -exec rm -f {} +
	environment_write >"$environment.new"
	mv "$environment.new" "$environment"
	exec 9>&-
}

environment_write() {
	# If a tool has been removed since, everything is checked again.
	for environment_tool in ${node_path:+"$node_path/node"} ${nix_path:+"$nix_path/nix"} \
		${pulumi_path:+"${pulumi_path%%:*}/pulumi-language-nodejs"}; do
		echo "[ -x $(quoted "$environment_tool") ] || return 1"
	done
	environment_new=${node_path:+$node_path:}${pulumi_path:+$pulumi_path:}${nix_path:+$nix_path:}${setup%/*}/node_modules/.bin
	echo "export PATH=$(quoted "$environment_new")\":\$PATH\""
	if [ -n "$nix_conf" ]; then
		echo "export NIX_CONF_DIR=$(quoted "$nix_conf")"
		[ ! -r /etc/ssl/certs/ca-certificates.crt ] || environment_default NIX_SSL_CERT_FILE /etc/ssl/certs/ca-certificates.crt
	fi
	# This Pulumi has a fixed version, so skip its update check; if its downloads are unreachable, skip them too.
	[ -z "$pulumi_path" ] || environment_default PULUMI_SKIP_UPDATE_CHECK true
	[ -z "$pulumi_closed" ] || environment_default PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION true
}

# environment_default NAME VALUE: exports a variable unless the user has set it.
environment_default() {
	echo "export $1=\"\${$1-$2}\""
}
