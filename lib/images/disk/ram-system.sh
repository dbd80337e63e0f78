#!/bin/sh
# Starts the RAM system by kexec. Its initrd gets, in /nixos-fleet, the machine's ssh host keys and the authorized keys of root
# and of this connection's user. Comes after prelude.sh, disks.sh, and: folder (with the files kernel and initrd), kernel_sha256, initrd_sha256, params, user
# shellcheck source-path=SCRIPTDIR source=disks.sh
command -v disk >/dev/null || . "${0%/*}/disks.sh"
: "${folder:?}" "${kernel_sha256:?}" "${initrd_sha256:?}" "${params?}" "${user:?}"

# The folder will hold the host keys.
trap 'rm -rf "$folder"' EXIT
trap 'exit 3' HUP INT TERM PIPE
[ "$(sha256 <"$folder/kernel")" = "$kernel_sha256" ] || fail 'the kernel arrived incomplete'
[ "$(sha256 <"$folder/initrd")" = "$initrd_sha256" ] || fail 'the initrd arrived incomplete'

umask 077
extra=$folder/nixos-fleet
rm -rf "$extra"
mkdir -p "$extra" || fail "$extra cannot be created"
for key in /etc/ssh/ssh_host_*_key; do
	[ ! -e "$key" ] || cat "$key" >"$extra/${key##*/}" || fail "$key cannot be read"
done
ls "$extra"/ssh_host_*_key >/dev/null 2>&1 ||
	fail 'there are no host keys in /etc/ssh: the RAM system could not be recognised as this machine'
home=$(sed -n "s/^$user:[^:]*:[^:]*:[^:]*:[^:]*:\([^:]*\):.*/\1/p" /etc/passwd)
for file in /root/.ssh/authorized_keys "$home/.ssh/authorized_keys" /etc/ssh/authorized_keys.d/root "/etc/ssh/authorized_keys.d/$user"; do
	[ ! -s "$file" ] || cat "$file"
	echo
done | sed '/^$/d' >"$extra/authorized_keys"
[ -s "$extra/authorized_keys" ] || fail "neither root nor $user has authorized keys: nobody could log in to the RAM system"

# A newc archive in front of the initrd: the kernel unpacks both in order.
number=1
# entry NAME MODE SIZE
entry() {
	printf '070701%08x%08x00000000000000000000000100000000%08x00000000000000000000000000000000%08x00000000%s\0' \
		"$number" "$2" "$3" $((${#1} + 1)) "$1"
	number=$((number + 1))
	pad $((110 + ${#1} + 1))
}
pad() { head -c $(((4 - $1 % 4) % 4)) /dev/zero; }
archive() {
	entry nixos-fleet 16832 0
	for file in "$extra"/*; do
		size=$(wc -c <"$file")
		entry "nixos-fleet/${file##*/}" 33152 "$size"
		cat "$file"
		pad "$size"
	done
	entry 'TRAILER!!!' 0 0
}
{
	archive
	cat "$folder/initrd"
} >"$folder/both" || fail 'the initrd could not be written: is the disk full?'
rm -rf "$extra"
output=$(kexec --load "$folder/kernel" "--initrd=$folder/both" "--command-line=$params" 2>&1) ||
	fail "kexec refused the kernel: $output"
rm -rf "$folder"
say end yes
# After the reply has arrived.
if [ -d /run/systemd/system ]; then
	systemctl --no-block kexec
else
	{ sleep 1 && sync && kexec --exec; } >/dev/null 2>&1 </dev/null &
fi
