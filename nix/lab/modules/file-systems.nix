{ config, lib, ... }:
let
  inherit (lib) mkIf mkOption types;
  mounts = config.fileSystems;
  line =
    mountPoint:
    let
      mount = mounts.${mountPoint};
    in
    "${mount.device} ${mountPoint} ${mount.fsType} ${builtins.concatStringsSep "," mount.options} 0 0\n";
in
{
  options.fileSystems = mkOption {
    type = types.attrsOf (
      types.submodule {
        device = mkOption {
          type = types.str;
          default = "none";
          description = "What is mounted.";
        };
        fsType = mkOption {
          type = types.str;
          default = "auto";
          description = "Its file system.";
        };
        options = mkOption {
          type = types.listOf types.str;
          default = [ "defaults" ];
          description = "Mount options.";
        };
        autoResize = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the root's file system grows with its partition; others are left as they are.";
        };
      }
    );
    default = { };
    description = "Mounts; a container's are made by who starts it, so these are recorded only.";
  };

  config.environment.etc = mkIf (!config.boot.isContainer) {
    fstab.text = builtins.concatStringsSep "" (map line (builtins.attrNames mounts));
  };
}
