# How a machine starts: as a container, or by itself with a kernel, an initrd and a boot loader of its own.
{
  config,
  lib,
  pkgs,
  build,
  boot,
  ...
}:
let
  inherit (lib) mkDefault mkIf mkOption types;
  cfg = config.boot;
  boots = !cfg.isContainer;
in
{
  options.boot = {
    isContainer = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the machine is a container, which runs the computer's own kernel.";
    };
    kernelPackages = mkOption {
      type = types.anything;
      default = pkgs.linuxPackages_6_1;
      description = "The kernel: Debian's, `pkgs.linuxPackages_6_1` or `pkgs.linuxPackages_6_12`, or one that is built from source, `pkgs.linuxPackagesFor pkgs.linux_tiny`.";
    };
    kernelParams = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Kernel parameters; a container only records them in its boot entries.";
    };
    kernelModules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Modules loaded when the machine starts, beside those its hardware asks for.";
    };
    postBootCommands = mkOption {
      type = types.lines;
      default = "";
      description = "Commands, in sh, that run before systemd starts.";
    };
    loader.systemd-boot.enable = mkOption {
      type = types.bool;
      default = boots && !cfg.loader.grub.enable;
      description = "Whether systemd-boot starts the machine.";
    };
    loader.grub.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether GRUB starts the machine, by UEFI, in the place of systemd-boot.";
    };
    loader.timeout = mkOption {
      type = types.int;
      default = 5;
      description = "Seconds that the boot loader shows its menu; 0: not at all.";
    };
    growPartition = mkOption {
      type = types.bool;
      default = boots;
      description = "Whether the root partition grows to the room there is when the machine starts.";
    };
  };

  config = mkIf boots {
    assertions = [
      {
        assertion = cfg.loader.systemd-boot.enable != cfg.loader.grub.enable;
        message = "a machine that is no container needs one boot loader: boot.loader.systemd-boot.enable or boot.loader.grub.enable";
      }
    ];

    # The serial port is the console that every virtual machine has; a kernel that fails starts the machine again.
    boot.kernelParams = [
      "console=tty0"
      "console=ttyS0,115200"
      "panic=10"
      # Emulated on a busy computer, the timer ticks too late for the kernel's test of it, which ends in a panic.
      "no_timer_check"
      # Emulated, a program is translated anew for each address it is loaded at: one address is quicker, and a reset, which
      # writes over what was translated, is quicker by far.
      "norandmaps"
    ];
    environment.systemPackages = mkIf cfg.loader.grub.enable [ boot.grubTools ];
    # systemd's credentials of a virtual machine, and the variables of its firmware.
    boot.kernelModules = [
      "qemu_fw_cfg"
      "efivarfs"
    ];
    environment.etc."modules-load.d/nixos.conf".text = builtins.concatStringsSep "" (
      map (name: "${name}\n") cfg.kernelModules
    );
    # Emulated on a busy computer, a boot takes minutes. A mount that fails for that would end in systemd's emergency mode, without ssh.
    environment.etc."systemd/system.conf.d/50-slow.conf".text = ''
      [Manager]
      DefaultTimeoutStartSec=15min
      DefaultDeviceTimeoutSec=15min
    '';
    boot.postBootCommands = builtins.readFile ../system/first-boot.sh;

    fileSystems."/" = {
      device = mkDefault "/dev/disk/by-label/nixos";
      fsType = mkDefault "ext4";
      autoResize = mkDefault true;
    };
    fileSystems."/boot" = {
      device = mkDefault "/dev/disk/by-label/ESP";
      fsType = mkDefault "vfat";
      options = mkDefault [ "umask=0077" ];
    };

    systemd.services.growpart = mkIf cfg.growPartition {
      description = "Grow the root partition and its file system";
      wantedBy = [ "multi-user.target" ];
      # Nothing else is done to a partition than making it larger.
      script = ''
        code=0
        /bin/systemd-repart --dry-run=no --definitions=${build.writers.writeTextDir "50-root.conf" "[Partition]\nType=root\n"} || code=$?
        # 77: the disk has no GPT.
        [ "$code" = 0 ] || [ "$code" = 77 ] || exit "$code"
        exec ${if config.fileSystems."/".autoResize then "/lib/systemd/systemd-growfs /" else "true"}
      '';
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
    };
  };
}
