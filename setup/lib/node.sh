# shellcheck shell=sh
# Node.js. Needs common.sh, version.sh, fetch.sh.
# shellcheck disable=SC2154

node_minimum=24
node_version=24.21.0
node_url=${NIXOS_FLEET_NODE_URL:-https://nodejs.org/dist/v$node_version}

# ensure_node: installs Node.js unless PATH has one ≥ 24. Sets node_path to the folder to put before PATH (empty: PATH's is
# used).
ensure_node() {
	node_path=
	if have node && version_at_least "$(node --version 2>/dev/null)" "$node_minimum"; then
		say "node: $(node --version) is on the PATH"
		return
	fi
	node_path=$fleet_home/node-$node_version/bin
	if [ -x "$node_path/node" ]; then
		say "node: $node_version is in the cache folder"
		return
	fi
	node_from_release || node_from_npm || die "Node.js ≥ $node_minimum could not be installed" \
		"neither its release nor the npm package for $(platform) could be fetched" "install Node.js ≥ $node_minimum and run this again"
	say "node: $("$node_path/node" --version) installed"
}

node_from_release() {
	node_archive=node-v$node_version-$(platform).tar.gz
	node_sum=$(sum_in "$(fetch_text "$node_url/SHASUMS256.txt")" "$node_archive")
	node_sum=$(release_sum node "$node_archive" "$node_sum")
	if [ -z "$node_sum" ]; then
		say "node: official release not reachable, using the npm package"
		return 1
	fi
	fetch_file node "$node_url/$node_archive" "$node_sum" || return 1
	new_folder "node-$node_version"
	tar -xzf "$fetched" -C "$fleet_temporary" --strip-components=1 && "$fleet_temporary/bin/node" --version >/dev/null || return 1
	put_in_place "node-$node_version"
	rm -f "$fetched"
}

# The npm package node-PLATFORM contains the binary. npm verifies it and uses its configured registry.
node_from_npm() {
	have npm || return 1
	new_folder "node-$node_version"
	run "node: npm package node-$(platform) $node_version" "$fleet_home/logs/node.log" \
		npm pack --loglevel=error --pack-destination "$fleet_temporary" "node-$(platform)@$node_version" || return 1
	mkdir "$fleet_temporary/new"
	tar -xzf "$fleet_temporary"/*.tgz -C "$fleet_temporary/new" --strip-components=1
	rm "$fleet_temporary"/*.tgz
	mv "$fleet_temporary/new/bin" "$fleet_temporary/bin"
	rm -rf "$fleet_temporary/new"
	"$fleet_temporary/bin/node" --version >/dev/null || return 1
	put_in_place "node-$node_version"
}
