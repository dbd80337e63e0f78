{
  config,
  lib,
  build,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  inherit (builtins) attrNames concatStringsSep filter;
  users = config.users.users;
  # name, "normal" or "system", groups: what the activation gets to know.
  table = concatStringsSep "" (
    map (
      name:
      "${name} ${if users.${name}.isNormalUser then "normal" else "system"} ${
        concatStringsSep "," users.${name}.extraGroups
      }\n"
    ) (filter (name: name != "root") (attrNames users))
  );
  lingering = filter (name: users.${name}.linger) (attrNames users);
  keysOf = name: users.${name}.openssh.authorizedKeys.keys;
in
{
  options = {
    users.users = mkOption {
      type = types.attrsOf (
        types.submodule {
          isNormalUser = mkOption {
            type = types.bool;
            default = false;
            description = "A person: with a home and a shell.";
          };
          extraGroups = mkOption {
            type = types.listOf types.str;
            default = [ ];
            description = "Further groups; wheel may use sudo.";
          };
          linger = mkOption {
            type = types.bool;
            default = false;
            description = "Whether a systemd of the user's runs from boot on.";
          };
          openssh.authorizedKeys.keys = mkOption {
            type = types.listOf types.str;
            default = [ ];
            description = "Public ssh keys that are let in.";
          };
        }
      );
      default = { };
      description = "Users by name.";
    };
    security.sudo = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether wheel may use sudo.";
      };
      wheelNeedsPassword = mkOption {
        type = types.bool;
        default = true;
        description = "Whether it asks for a password.";
      };
    };
  };

  config = {
    users.users.root = { };

    # The base has no pam_systemd, which would set the variable. As in NixOS no change restarts it.
    systemd.units."user@.service" = {
      text = "[Service]\nEnvironment=XDG_RUNTIME_DIR=/run/user/%i\nX-RestartIfChanged=false\n";
      overrideStrategy = "asDropin";
    };
    systemd.services.linger-users = mkIf (lingering != [ ]) {
      wantedBy = [ "multi-user.target" ];
      script = "exec loginctl enable-linger ${concatStringsSep " " lingering}";
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
    };

    environment.etc =
      # A copy: sshd trusts no file in a folder that a group may write to, as /nix/store is.
      builtins.listToAttrs (
        map (name: {
          name = "ssh/authorized_keys.d/${name}";
          value = {
            text = concatStringsSep "" (map (key: "${key}\n") (keysOf name));
            mode = "0444";
          };
        }) (filter (name: keysOf name != [ ]) (attrNames users))
      )
      // {
        "sudoers.d/wheel" = mkIf config.security.sudo.enable {
          text = "%wheel ALL=(ALL:ALL) ${
            if config.security.sudo.wheelNeedsPassword then "" else "NOPASSWD: "
          }ALL\n";
          mode = "0440";
        };
      };

    system.activationScripts.users.text = ''
      declared=${build.writers.writeText "users" table}
      known=/var/lib/nixos/declarative-users
      mkdir -p /var/lib/nixos
      getent group wheel >/dev/null || groupadd --system wheel
      while read -r name kind groups; do
        for group in $(echo "$groups" | tr , ' '); do getent group "$group" >/dev/null || groupadd --system "$group"; done
        if ! id "$name" >/dev/null 2>&1; then
          case $kind in
            normal) useradd --no-user-group --gid users --create-home --shell /bin/bash "$name" ;;
            system) useradd --system --no-create-home --shell /usr/sbin/nologin "$name" ;;
          esac
        fi
        usermod --groups "$groups" "$name"
      done <"$declared"
      # Users that are declared no longer go; those made by hand stay.
      [ ! -e "$known" ] || while read -r name; do
        cut -d ' ' -f 1 "$declared" | grep -qxF "$name" || ! id "$name" >/dev/null 2>&1 || userdel "$name"
      done <"$known"
      cut -d ' ' -f 1 "$declared" >"$known"
    '';
  };
}
