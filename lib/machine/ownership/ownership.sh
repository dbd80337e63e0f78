#!/bin/sh
# Records on the machine which resource writes a path, so that no other one deletes it. Comes after prelude.sh and: claim (random,
# from the resource's state; empty if an earlier version wrote that), stack (PROJECT/STACK), resource (URN), by, take_over
# (PROJECT/STACK whose paths may be taken over).
: "${claim=}" "${stack=}" "${resource=}" "${by=}" "${take_over=}"
owners=/var/lib/nixos-fleet/owners

# record_of PATH: sets owner_record to the name of the path's file.
owned_path=''
record_of() {
	[ "$1" != "$owned_path" ] || return 0
	owned_path=$1 owner_record=$(printf %s "$1" | sha256sum)
	# Its first 32 characters.
	owner_record=${owner_record%"${owner_record#????????????????????????????????}"}
}
# read_owner RECORD: sets owner_claim, owner_stack, owner_resource, owner_by and owner_since; they are empty if nothing is recorded, as
# for paths that earlier versions wrote.
read_owner() {
	owner_claim='' owner_stack='' owner_resource='' owner_by='' owner_since=''
	[ -e "$owners/$1" ] || return 0
	while IFS= read -r owner_line; do
		case $owner_line in
		claim=*) owner_claim=${owner_line#*=} ;;
		stack=*) owner_stack=${owner_line#*=} ;;
		resource=*) owner_resource=${owner_line#*=} ;;
		by=*) owner_by=${owner_line#*=} ;;
		since=*) owner_since=${owner_line#*=} ;;
		esac
	done <"$owners/$1"
}
# lock_owners: until the script ends or unlocks them. What is done to a path and its record is one step to others.
lock_owners() {
	if ! folder "$owners" || ! chmod 0700 "$owners" || ! { exec 8>>"$owners/lock"; } 2>/dev/null; then
		fail "no file can be created in $owners"
	fi
	flock 8 || fail "$owners/lock cannot be locked"
}
unlock_owners() { exec 8>&-; }
# owns PATH; what is recorded of it is read.
owns() {
	record_of "$1"
	read_owner "$owner_record"
	[ -z "$owner_claim" ] || [ "$owner_claim" = "$claim" ]
}
# say_owner PATH
say_owner() {
	record_of "$1"
	read_owner "$owner_record"
	say owner-claim "$owner_claim"
	say owner-stack "$owner_stack"
	say owner-resource "$owner_resource"
	say owner-by "$owner_by"
	say owner-since "$owner_since"
}
# may_take PATH: whether it is free, or belongs to the same stack, as after a rename.
may_take() { owns "$1" || [ "$owner_stack" = "$stack" ] || [ "$owner_stack" = "$take_over" ]; }
# take PATH: records the owner before the path is written. After an interruption in between, nobody deletes what is not his.
take() {
	if ! may_take "$1"; then
		say_owner "$1"
		fail "$1 belongs to $owner_resource"
	fi
	if owns "$1" && [ "$owner_resource" = "$resource" ]; then return; fi
	if ! {
		say path "$1"
		say claim "$claim"
		say stack "$stack"
		say resource "$resource"
		say by "$by"
		say since "$(date +%s)"
	} >"$owners/$owner_record.part" || ! mv -f "$owners/$owner_record.part" "$owners/$owner_record"; then
		fail "the owner of $1 could not be recorded in $owners"
	fi
}
# release PATH: after it was deleted.
release() {
	record_of "$1"
	rm -f "$owners/$owner_record"
}
