# nixosFleet.image: disk images of a machine. Each is `system.build.images.<variant>`: the machine's software on the variant's
# disks and boot loader. NixOS's variants for one disk are made by images/disk.nix, and `repart` is one more.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nixosFleet.image;
  # Imported as a function: by its path it is of a machine that is its own image, and left out of all variants.
  onOneDisk = lib.genAttrs [ "raw" "raw-efi" "qemu" "qemu-efi" ] (name: {
    imports = [ (import ../images/disk.nix) ];
    image.efiSupport = lib.hasSuffix "-efi" name;
    nixosFleet.image.qemuGuest = lib.mkDefault true;
  });
in
{
  # Declared once more than by NixOS, for a module that every variant has, a machine's own variants included.
  options.image.modules = mkOption {
    type = types.attrsOf (
      types.deferredModuleWith {
        staticModules = [ { disabledModules = cfg.hardwareModules ++ [ ../images/disk.nix ]; } ];
      }
    );
  };

  options.nixosFleet.image = {
    hardwareModules = mkOption {
      type = types.listOf (types.either types.path types.str);
      default = [ ];
      example = lib.literalExpression "[ ./hardware-configuration.nix ]";
      description = ''
        Modules of the machine's own hardware, by path: its disks, its boot loader, its drivers. No image has them, for it has its
        variant's; a machine that names its file systems elsewhere conflicts with most variants.
      '';
    };
    diskSizeMiB = mkOption {
      type = types.either (types.enum [ "auto" ]) (types.ints.between 512 16777216);
      default = "auto";
      description = "Size of an image's disk, MiB; `auto` is what the system takes and `additionalSpaceMiB`.";
    };
    additionalSpaceMiB = mkOption {
      type = types.ints.between 64 1048576;
      default = 1024;
      description = "Room that an image of automatic size leaves free, MiB.";
    };
    bootSizeMiB = mkOption {
      type = types.ints.between 64 65536;
      default = 512;
      description = "Size of the EFI system partition, MiB: several kernels and initrds have to fit.";
    };
    partitionTable = mkOption {
      type = types.enum [
        "efi"
        "hybrid"
        "legacy"
        "legacy+gpt"
      ];
      default = "efi";
      description = ''
        What the disk boots by: `efi`; `hybrid`, by EFI and by BIOS, with GRUB; `legacy`, by BIOS from an MBR, or from a GPT. The
        variants `raw` and `qemu` boot by BIOS and take the latter two, `raw-efi` and `qemu-efi` the former.
      '';
    };
    autoResize = mkOption {
      type = types.bool;
      default = true;
      description = "Whether partition and file system grow to the disk at each boot.";
    };
    serialConsole = mkOption {
      type = types.bool;
      default = false;
      description = "Speak on the first serial port too (`console=ttyS0`; ttyAMA0 on aarch64), where it is the main console.";
    };
    qemuGuest = mkOption {
      type = types.bool;
      default = false;
      description = "NixOS's profile of a QEMU guest: drivers of its devices in the initrd. The variants on one disk have it.";
    };
    compress = mkOption {
      type = types.bool;
      default = false;
      description = "Compress a qcow2 image: smaller to keep and send, slower to make.";
    };
    makeDiskImage = mkOption {
      type = types.attrsOf types.raw;
      default = { };
      example = lib.literalExpression "{ memSize = 4096; contents = [ { source = ./motd; target = \"/etc/motd\"; } ]; }";
      description = "Further arguments of NixOS's make-disk-image.nix, which its file explains; they go before ours.";
    };
  };

  config = {
    image.modules = onOneDisk // {
      repart = {
        imports = [ ../images/repart.nix ];
        nixosFleet.image.qemuGuest = lib.mkDefault true;
      };
      # A container takes its host's resolv.conf by default, which NixOS refuses where systemd-resolved writes one.
      lxc =
        { config, ... }:
        {
          networking.useHostResolvConf = lib.mkIf config.services.resolved.enable (lib.mkOverride 900 false);
        };
    };
    assertions = [
      {
        assertion = cfg.diskSizeMiB == "auto" || cfg.diskSizeMiB >= cfg.bootSizeMiB + 512;
        message = "nixosFleet.image.diskSizeMiB (${toString cfg.diskSizeMiB}) leaves less than 512 MiB beside the boot partition of ${toString cfg.bootSizeMiB} MiB.";
      }
    ];
  };
}
