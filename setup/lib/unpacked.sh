# shellcheck shell=sh
# Programs that run from unpacked Debian packages, where nothing is installed.

# unpack DEBS ROOT: unpacks all .debs of the folder DEBS into ROOT.
unpack() {
	mkdir -p "$2"
	for deb in "$1"/*.deb; do dpkg-deb -x "$deb" "$2"; done
}

# wrap ROOT FINAL PROGRAM FILE [ASSIGNMENT]: makes FILE, which runs PROGRAM of the unpacked ROOT by ROOT's own loader and
# libraries. FINAL is where ROOT will be when FILE runs. ASSIGNMENT is exported to the program; it may use $root and $triplet.
wrap() {
	wrap_program=$(cd "$1" && find usr/bin usr/sbin bin sbin -name "$3" 2>/dev/null | head -n 1)
	wrap_loader=$(cd "$1" && find lib lib64 usr/lib -name 'ld-linux*.so.*' 2>/dev/null | head -n 1)
	wrap_libc=$(cd "$1" && find usr/lib lib -name 'libc.so.6' 2>/dev/null | head -n 1)
	mkdir -p "${4%/*}"
	{
		echo '#!/bin/sh'
		echo "root=$2 triplet=$(basename "$(dirname "$wrap_libc")")"
		[ -z "${5-}" ] || echo "export $5"
		echo "libs=\$root/lib/\$triplet:\$root/usr/lib/\$triplet:\$root/usr/lib/\$triplet/systemd:\$root/lib/systemd"
		echo "exec \"\$root/$wrap_loader\" --library-path \"\$libs\" \"\$root/$wrap_program\" \"\$@\""
	} >"$4"
	chmod 755 "$4"
}
