# shellcheck shell=sh
# The npm packages of package-lock.json. Needs common.sh, and setup set to this folder. Needs the right node on PATH.
# shellcheck disable=SC2154

# ensure_modules: installs them if they do not match package-lock.json.
ensure_modules() {
	modules_root=${setup%/*}
	# An installed package has its packages beside it.
	[ -e "$modules_root/package-lock.json" ] || return 0
	! node "$setup/lib/modules-fresh.mjs" "$modules_root" || return 0
	have npm || die "the npm packages could not be installed" "npm is not on the PATH" "install npm, then run 'npm ci' in $modules_root"
	run "npm: installing the packages of package-lock.json" "$fleet_home/logs/npm.log" \
		npm --prefix "$modules_root" ci --no-audit --no-fund --loglevel=error ||
		die "the npm packages could not be installed" \
			"$(sed -n 's/^npm error //p' "$fleet_home/logs/npm.log" | grep -v '^code ' | head -n 1) ($fleet_home/logs/npm.log)" \
			"run 'npm ci' in $modules_root"
	: >"$modules_root/node_modules/.nixos-fleet"
}
