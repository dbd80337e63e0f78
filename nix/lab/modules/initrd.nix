# Stage 1: finds the root file system, mounts it, and goes on with the system's own init.
{
  config,
  lib,
  build,
  boot,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.boot.initrd;
  inherit (config.boot.kernelPackages) kernel;
  root = config.fileSystems."/";
in
{
  options.boot.initrd = {
    availableKernelModules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Modules in the initrd, for disks and file systems; those whose hardware is there are loaded.";
    };
    kernelModules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Modules in the initrd that must load.";
    };
    includeDefaultModules = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the initrd has what virtual machines' disks need.";
    };
    allowMissingModules = mkOption {
      type = types.bool;
      default = false;
      description = "Whether a module that the kernel lacks is left out instead of failing the build.";
    };
  };
  options.system.modulesTree = mkOption {
    type = types.package;
    default = kernel.modules or kernel;
    description = "The folder with the kernel's modules, in lib/modules.";
  };
  options.system.build.initialRamdisk = mkOption {
    type = types.package;
    description = "The initrd.";
  };

  config = {
    boot.initrd.availableKernelModules = mkIf (!config.boot.isContainer && cfg.includeDefaultModules) [
      "virtio_pci"
      "virtio_blk"
      "ext4"
    ];

    system.build.initialRamdisk = build.runCommand "initrd-linux-${kernel.version}" {
      inherit (config.system) modulesTree;
      inherit (kernel) modDirVersion;
      inherit (boot.tools) cpio kmod;
      inherit (build) busybox;
      modules = cfg.availableKernelModules;
      neededModules = cfg.kernelModules;
      allowMissing = cfg.allowMissingModules;
      rootDevice = root.device;
      rootType = root.fsType;
      rootOptions = builtins.concatStringsSep "," root.options;
      stage1Source = ../system/stage-1.sh;
    } (builtins.readFile ../system/make-initrd.sh);
  };
}
