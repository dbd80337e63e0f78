# nixosFleet.vm: how the machine runs in QEMU on the operator's computer (`system.build.vm`, `vmWithBootLoader`).
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.nixosFleet.vm;

  port = types.submodule {
    options = {
      host = mkOption {
        type = types.port;
        description = "Port on the operator's computer, on its loopback address.";
      };
      guest = mkOption {
        type = types.port;
        description = "Port of the machine.";
      };
      protocol = mkOption {
        type = types.enum [
          "tcp"
          "udp"
        ];
        default = "tcp";
        description = "Protocol.";
      };
    };
  };
  sharedFolder = types.submodule {
    options = {
      source = mkOption {
        type = types.str;
        description = "Absolute path of a folder of the operator's computer, or a shell variable such as `$HOME/share`.";
      };
      target = mkOption {
        type = types.path;
        description = "Where the machine mounts it.";
      };
    };
  };

  hostPorts = map (item: "${item.protocol} ${toString item.host}") cfg.forwardedPorts;
  relativeFolders = lib.attrNames (
    lib.filterAttrs (_: item: builtins.match "[/$].*" item.source == null) cfg.sharedFolders
  );

  virtualisation = {
    inherit (cfg) cores graphics;
    memorySize = cfg.memoryMiB;
    diskSize = cfg.diskMiB;
    forwardPorts = map (item: {
      from = "host";
      proto = item.protocol;
      # Loopback only: not reachable from the computer's network.
      host = {
        address = "127.0.0.1";
        port = item.host;
      };
      guest.port = item.guest;
    }) cfg.forwardedPorts;
    sharedDirectories = lib.mapAttrs (_: item: {
      inherit (item) source target;
      securityModel = "none";
    }) cfg.sharedFolders;
  };
in
{
  options.nixosFleet.vm = {
    cores = mkOption {
      type = types.ints.positive;
      default = 1;
      description = "Processors of the virtual machine.";
    };
    memoryMiB = mkOption {
      type = types.ints.between 128 1048576;
      default = 1024;
      description = "Memory of the virtual machine, MiB.";
    };
    diskMiB = mkOption {
      type = types.ints.between 512 16777216;
      default = 8192;
      description = "Size of the root disk, created at the first start, MiB. It takes space as it is written.";
    };
    graphics = mkOption {
      type = types.bool;
      default = false;
      description = "Whether QEMU opens a window. Otherwise the terminal is the console.";
    };
    forwardedPorts = mkOption {
      type = types.listOf port;
      default = [ ];
      example = [
        {
          host = 2222;
          guest = 22;
        }
      ];
      description = "Ports of the operator's computer that are forwarded to the machine.";
    };
    sharedFolders = mkOption {
      type = types.attrsOf sharedFolder;
      default = { };
      example = {
        share = {
          source = "$HOME/share";
          target = "/mnt/share";
        };
      };
      description = "Folders of the operator's computer that are shared with the machine, by mount tag.";
    };
    kernelImage = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/home/ada/linux/arch/x86/boot/bzImage";
      description = ''
        A kernel that was built outside Nix, for `nix run .#vm-<host>`: an absolute path, read when the machine starts. It needs
        the symbols of `nix build .#required-config-<host>` built in, since the initrd has another kernel's modules.
      '';
    };
  };

  config = {
    virtualisation.vmVariant = { inherit virtualisation; };
    virtualisation.vmVariantWithBootLoader = { inherit virtualisation; };
    assertions = [
      {
        assertion = lib.allUnique hostPorts;
        message = "nixosFleet.vm.forwardedPorts leads one port of this computer to two places: ${lib.concatStringsSep ", " hostPorts}.";
      }
      {
        assertion = relativeFolders == [ ];
        message = "nixosFleet.vm.sharedFolders.{${lib.concatStringsSep "," relativeFolders}}.source must be an absolute path or begin with a shell variable: the machine may be started from any folder.";
      }
      {
        assertion = cfg.kernelImage == null || lib.hasPrefix "/" cfg.kernelImage;
        message = "nixosFleet.vm.kernelImage must be an absolute path: the machine may be started from any folder.";
      }
    ];
  };
}
