# shellcheck shell=sh
# Downloads from the projects' release pages, with short timeouts, resume and checksums. Needs common.sh.
# shellcheck disable=SC2154

# Connection timeout of a release page, in seconds.
fetch_timeout=${NIXOS_FLEET_TIMEOUT:-5}

# fetch_text URL: prints a small file; fails on timeout.
fetch_text() {
	[ "${NIXOS_FLEET_OFFLINE:-0}" != 1 ] || return 1
	if have curl; then
		curl -fsSL --connect-timeout "$fetch_timeout" --max-time "$((fetch_timeout * 3))" "$1" 2>/dev/null
	elif have wget; then
		wget -q -O - --tries=1 --timeout="$fetch_timeout" "$1" 2>/dev/null
	else
		return 1
	fi
}

# fetch_file LABEL URL SHA256: downloads a file into the cache folder and sets fetched to its path. An interrupted download
# is resumed, immediately or in the next run; a file with another checksum is deleted.
fetch_file() {
	mkdir -p "$fleet_home/downloads"
	fetched=$fleet_home/downloads/${2##*/}
	for _ in 1 2 3; do
		# An earlier run may have been interrupted between the last byte and the check.
		if [ -s "$fetched.part" ] && [ "$(sha256_of "$fetched.part")" = "$3" ]; then
			mv "$fetched.part" "$fetched"
		fi
		[ ! -f "$fetched" ] || break
		fetch_code=0
		fetch_part "$1" "$2" || fetch_code=$?
		case $fetch_code in
		0) mv "$fetched.part" "$fetched" ;;
		# The server cannot resume (curl: 22, 33, 36; wget: 8): download the whole file again.
		22 | 33 | 36 | 8) rm -f "$fetched.part" ;;
		esac
	done
	[ -f "$fetched" ] || return 1
	[ "$(sha256_of "$fetched")" = "$3" ] && return 0
	say "$1: the checksum of ${2##*/} is not the recorded one; the file is deleted"
	rm -f "$fetched"
	return 1
}

fetch_part() {
	fetch_log=$fleet_home/downloads/${2##*/}.log
	if have curl; then
		run "$1: downloading ${2##*/}" "$fetch_log" curl -fSL --connect-timeout "$fetch_timeout" \
			--speed-time 30 --speed-limit 1000 -C - -o "$fetched.part" "$2"
	else
		run "$1: downloading ${2##*/}" "$fetch_log" wget -nv --tries=2 --timeout=30 -c -O "$fetched.part" "$2"
	fi
}

# sha256_of FILE
sha256_of() {
	if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# release_sum LABEL ARCHIVE PUBLISHED: prints the SHA256 that a release's archive must have: the one that was recorded when the
# version was chosen, since a sum from the server that sends the archive proves nothing. Without a record, the published one.
release_sum() {
	release_recorded=$(sum_in "$(cat "${NIXOS_FLEET_RELEASE_SUMS:-$setup/lib/release-sums}")" "$2") # tests override the file
	if [ -z "$release_recorded" ]; then
		[ -z "$3" ] || say "$1: no checksum of $2 is recorded, so it is checked against its publisher's"
		echo "$3"
	elif [ -n "$3" ]; then
		echo "$release_recorded"
	fi
}

# sum_in LIST NAME: the SHA256 of file NAME from a checksum list ("<sum>  <name>" lines).
sum_in() {
	printf '%s\n' "$1" | awk -v name="$2" '{ sub(/^\*/, "", $2) } $2 == name && $1 ~ /^[0-9a-f]+$/ && length($1) == 64 { print $1; exit }'
}
