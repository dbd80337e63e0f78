{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    boot = {
      isContainer = mkOption {
        type = types.bool;
        default = true;
        description = "Lab machines are containers: they run the computer's own kernel.";
      };
      kernelParams = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Kernel parameters; a container only records them in its boot entries.";
      };
    };
    fileSystems = mkOption {
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
        }
      );
      default = { };
      description = "Mounts; a container's are made by who starts it, so these are recorded only.";
    };
  };
}
