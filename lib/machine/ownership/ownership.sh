#!/bin/sh
# Records on the machine which resource writes a path, so that no other one deletes it. Comes after prelude.sh and: claim (random,
# from the resource's state; empty if an earlier version wrote that), stack (PROJECT/STACK), resource (URN), by, take_over
# (PROJECT/STACK whose paths may be taken over).
: "${claim=}" "${stack=}" "${resource=}" "${by=}" "${take_over=}"
owners=/var/lib/nixos-fleet/owners

# owner_file PATH
owner_file() { echo "$owners/$(printf %s "$1" | sha256sum | cut -c 1-32)"; }
# owner_of PATH KEY: empty if nothing is recorded, as for paths that earlier versions wrote.
owner_of() { sed -n "s/^$2=//p" "$(owner_file "$1")" 2>/dev/null; }
# lock_owners: until the script ends or unlocks them. What is done to a path and its record is one step to others.
lock_owners() {
	if ! mkdir -p "$owners" || ! chmod 0700 "$owners" || ! { exec 8>>"$owners/lock"; } 2>/dev/null; then
		fail "no file can be created in $owners"
	fi
	flock 8 || fail "$owners/lock cannot be locked"
}
unlock_owners() { exec 8>&-; }
# owns PATH
owns() {
	owner_claim=$(owner_of "$1" claim)
	[ -z "$owner_claim" ] || [ "$owner_claim" = "$claim" ]
}
say_owner() {
	say owner-claim "$(owner_of "$1" claim)"
	say owner-stack "$(owner_of "$1" stack)"
	say owner-resource "$(owner_of "$1" resource)"
	say owner-by "$(owner_of "$1" by)"
	say owner-since "$(owner_of "$1" since)"
}
# may_take PATH: whether it is free, or belongs to the same stack, as after a rename.
may_take() {
	owns "$1" && return
	owner_stack=$(owner_of "$1" stack)
	[ "$owner_stack" = "$stack" ] || [ "$owner_stack" = "$take_over" ]
}
# take PATH: records the owner before the path is written. After an interruption in between, nobody deletes what is not his.
take() {
	if ! may_take "$1"; then
		say_owner "$1"
		fail "$1 belongs to $(owner_of "$1" resource)"
	fi
	if owns "$1" && [ "$(owner_of "$1" resource)" = "$resource" ]; then return; fi
	owner_record=$(owner_file "$1")
	if ! {
		say path "$1"
		say claim "$claim"
		say stack "$stack"
		say resource "$resource"
		say by "$by"
		say since "$(date +%s)"
	} >"$owner_record.part" || ! mv -f "$owner_record.part" "$owner_record"; then
		fail "the owner of $1 could not be recorded in $owners"
	fi
}
# release PATH: after it was deleted.
release() { rm -f "$(owner_file "$1")"; }
