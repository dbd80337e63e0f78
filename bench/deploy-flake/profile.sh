# Builds a deploy-rs profile of a NixOS system: the system with deploy-rs-activate and activate-rs.
mkdir "$out"
ln -s "$toplevel"/* "$out"
cat >"$out/deploy-rs-activate" <<'END'
#!/bin/sh
set -eu
cd /tmp
if [ "${DRY_ACTIVATE:-}" = 1 ]; then action=dry-activate; elif [ "${BOOT:-}" = 1 ]; then action=boot; else action=switch; fi
exec "$PROFILE/bin/switch-to-configuration" "$action"
END
cat >"$out/activate-rs" <<END
#!/bin/sh
exec $activate "\$@"
END
chmod 555 "$out/deploy-rs-activate" "$out/activate-rs"
