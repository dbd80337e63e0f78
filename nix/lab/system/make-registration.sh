#!/bin/sh
# make-registration.sh BUSYBOX JQ: writes the records of a closure for `nix-store --load-db`; run by modules/image.nix with
# structured attributes, so what is needed comes as arguments and in a JSON file.
export PATH="$1"
"$2" -r '
	.closure | sort_by(.path)[]
	| .path, .narHash, .narSize, "", (.references | length), (.references | sort)[]
' "$NIX_ATTRS_JSON_FILE" >"$("$2" -r .outputs.out "$NIX_ATTRS_JSON_FILE")"
