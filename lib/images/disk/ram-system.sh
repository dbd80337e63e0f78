#!/bin/sh
# Starts a system that lives in memory, from the running one, by kexec. It gets the machine's own ssh host keys and the keys that may
# log in as root or as the user of this connection, in a folder /nixos-fleet of its initrd. Comes after prelude.sh, disks.sh, and:
# folder (with the files kernel and initrd), kernel_sha256, initrd_sha256, params, user
# shellcheck source-path=SCRIPTDIR source=disks.sh
command -v disk >/dev/null || . "${0%/*}/disks.sh"
: "${folder:?}" "${kernel_sha256:?}" "${initrd_sha256:?}" "${params?}" "${user:?}"

[ "$(sha256 <"$folder/kernel")" = "$kernel_sha256" ] || fail 'the kernel did not arrive whole'
[ "$(sha256 <"$folder/initrd")" = "$initrd_sha256" ] || fail 'the initrd did not arrive whole'

umask 077
own=$folder/nixos-fleet
rm -rf "$own"
mkdir -p "$own" || fail "$own cannot be made"
for key in /etc/ssh/ssh_host_*_key; do
	[ ! -e "$key" ] || cat "$key" >"$own/${key##*/}" || fail "$key cannot be read"
done
ls "$own"/ssh_host_*_key >/dev/null 2>&1 ||
	fail 'there are no host keys in /etc/ssh: the system in memory would be taken for another machine'
home=$(sed -n "s/^$user:[^:]*:[^:]*:[^:]*:[^:]*:\([^:]*\):.*/\1/p" /etc/passwd)
for file in /root/.ssh/authorized_keys "$home/.ssh/authorized_keys" /etc/ssh/authorized_keys.d/root "/etc/ssh/authorized_keys.d/$user"; do
	[ ! -s "$file" ] || cat "$file"
	echo
done | sed '/^$/d' >"$own/authorized_keys"
[ -s "$own/authorized_keys" ] || fail "no keys may log in as root or $user: nobody could enter the system in memory"

# An archive in the format newc before the initrd: the kernel unpacks one after the other.
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
	for file in "$own"/*; do
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
} >"$folder/both" || fail 'the initrd cannot be made: is there room?'
rm -rf "$own"
said=$(kexec --load "$folder/kernel" "--initrd=$folder/both" "--command-line=$params" 2>&1) ||
	fail "kexec did not take the kernel: $said"
rm -rf "$folder"
say end yes
# After this connection has told its end.
if [ -d /run/systemd/system ]; then
	systemctl --no-block kexec
else
	{ sleep 1 && sync && kexec --exec; } >/dev/null 2>&1 </dev/null &
fi
