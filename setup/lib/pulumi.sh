# shellcheck shell=sh
# The Pulumi CLI and its Node.js language host. Needs common.sh, version.sh, fetch.sh, and setup set to this folder.
# shellcheck disable=SC2034,SC2154

pulumi_minimum=3.200
pulumi_version=3.276.0
pulumi_url=${NIXOS_FLEET_PULUMI_URL:-https://github.com/pulumi/pulumi/releases/download/v$pulumi_version}
pulumi_host_version=1

# ensure_pulumi: installs the CLI and the language host if they are missing. Sets pulumi_path to what to put before PATH
# (empty: PATH's are used), and pulumi_closed to 1 if Pulumi's own downloads are unreachable.
ensure_pulumi() {
	pulumi_path='' pulumi_closed=
	if have_own pulumi && version_at_least "$(PULUMI_SKIP_UPDATE_CHECK=true pulumi version 2>/dev/null)" "$pulumi_minimum"; then
		say "pulumi: $(PULUMI_SKIP_UPDATE_CHECK=true pulumi version 2>/dev/null) is on the PATH"
		pulumi_has_host || ensure_language_host
		return
	fi
	pulumi_path=$fleet_home/pulumi-$pulumi_version/bin
	if [ -x "$pulumi_path/pulumi" ]; then
		say "pulumi: $pulumi_version is in the cache folder"
	else
		pulumi_from_release || pulumi_from_go || die "Pulumi $pulumi_version could not be installed" \
			"neither its release nor its Go module could be fetched (see above)" "install Pulumi ≥ $pulumi_minimum and run this again"
		say "pulumi: $("$pulumi_path/pulumi" version) installed"
	fi
	[ "$(cat "$fleet_home/pulumi-$pulumi_version/from")" != go ] || pulumi_closed=1
	[ -x "$pulumi_path/pulumi-language-nodejs" ] || ensure_language_host
}

# pulumi_has_host: whether the CLI on the PATH finds a Node.js language host: beside itself, on the PATH, or as a plugin.
pulumi_has_host() {
	have pulumi-language-nodejs && return 0
	[ -x "$(dirname "$(readlink -f "$(command -v pulumi)")")/pulumi-language-nodejs" ] && return 0
	for pulumi_plugin in "${PULUMI_HOME:-$HOME/.pulumi}"/plugins/language-nodejs-*/pulumi-language-nodejs; do
		[ ! -x "$pulumi_plugin" ] || return 0
	done
	return 1
}

# The release has the CLI and all language hosts. Pulumi's installer is not run: it edits shell profiles.
pulumi_from_release() {
	pulumi_archive=pulumi-v$pulumi_version-$(platform).tar.gz
	pulumi_sum=$(sum_in "$(fetch_text "$pulumi_url/pulumi-$pulumi_version-checksums.txt")" "$pulumi_archive")
	pulumi_sum=$(release_sum pulumi "$pulumi_archive" "$pulumi_sum")
	if [ -z "$pulumi_sum" ]; then
		say "pulumi: official release not reachable, building from the Go module (some minutes)"
		return 1
	fi
	fetch_file pulumi "$pulumi_url/$pulumi_archive" "$pulumi_sum" || return 1
	new_folder "pulumi-$pulumi_version"
	mkdir "$fleet_temporary/bin"
	tar -xzf "$fetched" -C "$fleet_temporary/bin" --strip-components=1 && "$fleet_temporary/bin/pulumi" version >/dev/null || return 1
	echo release >"$fleet_temporary/from"
	put_in_place "pulumi-$pulumi_version"
	rm -f "$fetched"
}

pulumi_from_go() {
	go_ready || return 1
	new_folder "pulumi-$pulumi_version"
	go_build "pulumi: building the CLI" "$fleet_temporary/bin/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi &&
		go_build "pulumi: building the Node.js language host" "$fleet_temporary/bin/pulumi-language-nodejs" ./language-nodejs &&
		"$fleet_temporary/bin/pulumi" version >/dev/null || return 1
	echo go >"$fleet_temporary/from"
	put_in_place "pulumi-$pulumi_version"
	go_clean
}

# ensure_language_host: builds one for a CLI without it.
ensure_language_host() {
	pulumi_host=language-nodejs-$pulumi_host_version
	if ! [ -x "$fleet_home/$pulumi_host/bin/pulumi-language-nodejs" ]; then
		go_ready 2 || die "Pulumi's Node.js language host is missing" "pulumi is on the PATH, pulumi-language-nodejs is not, and there is no Go to build one" \
			"install Pulumi's release (it has both) or Go ≥ 1.25"
		new_folder "$pulumi_host"
		go_build "pulumi: building a Node.js language host" "$fleet_temporary/bin/pulumi-language-nodejs" ./language-nodejs ||
			die "Pulumi's Node.js language host could not be built" "see above" "install Pulumi's release (it has one)"
		put_in_place "$pulumi_host"
		go_clean
	fi
	pulumi_path=$fleet_home/$pulumi_host/bin${pulumi_path:+:$pulumi_path}
}

go_ready() {
	if have go; then
		need_room "${1:-4}" "building Pulumi"
		return 0
	fi
	say "pulumi: Go ≥ 1.24, which builds it, is not on the PATH"
	return 1
}

# go_build LABEL OUTPUT PACKAGE [FOLDER]: builds a command of the module in FOLDER, by default setup/pulumi, whose go.sum verifies
# every module.
# Modules and objects stay in the cache folder until the build is done, so that an interrupted build continues.
go_build() {
	mkdir -p "${2%/*}"
	go_label=$1 go_output=$2 go_package=$3 go_log=$fleet_home/logs/${2##*/}
	set -- env CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN="${GOTOOLCHAIN:-auto}" \
		GOFLAGS='-mod=readonly -modcacherw -buildvcs=false -trimpath' \
		GOPROXY="file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)" \
		GOMODCACHE="$fleet_home/build/modules" GOCACHE="$fleet_home/build/objects" go -C "${4:-$setup/pulumi}"
	run "$go_label: fetching its modules" "$go_log-packages.log" "$@" list -deps "$go_package" || return 1
	# Each package is a line of the build's log.
	run_total=$(grep -vc '^go: ' "$go_log-packages.log")
	go_code=0
	run "$go_label" "$go_log.log" "$@" build -v -o "$go_output" \
		-ldflags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$pulumi_version" "$go_package" || go_code=$?
	run_total=
	return "$go_code"
}

go_clean() {
	chmod -R u+w "$fleet_home/build" 2>/dev/null
	rm -rf "${fleet_home:?}/build"
}
