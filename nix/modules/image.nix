# nixosFleet.image: disk images of a machine. Each is `system.build.images.<variant>`: the machine's software with the
# variant's disks and boot loader. images/disk.nix builds NixOS's single-disk variants; `repart` is an additional one.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nixosFleet.image;
  # Imported as a function: its path identifies a machine that is its own image, and is left out of all variants.
  onOneDisk = lib.genAttrs [ "raw" "raw-efi" "qemu" "qemu-efi" ] (name: {
    imports = [ (import ../images/disk.nix) ];
    image.efiSupport = lib.hasSuffix "-efi" name;
    nixosFleet.image.qemuGuest = lib.mkDefault true;
  });
in
{
  # Declared again in addition to NixOS, to add a module to every variant, including a machine's own.
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
        Modules for the machine's hardware, by path: disks, boot loader, drivers. Images leave them out and use their variant's;
        a machine that defines file systems elsewhere conflicts with most variants.
      '';
    };
    diskSizeMiB = mkOption {
      type = types.either (types.enum [ "auto" ]) (types.ints.between 512 16777216);
      default = "auto";
      description = "Size of an image's disk, MiB; `auto` is the size of the system plus `additionalSpaceMiB`.";
    };
    additionalSpaceMiB = mkOption {
      type = types.ints.between 64 1048576;
      default = 1024;
      description = "Free space in an image of automatic size, MiB.";
    };
    bootSizeMiB = mkOption {
      type = types.ints.between 64 65536;
      default = 512;
      description = "Size of the EFI system partition, MiB. Several kernels and initrds must fit.";
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
        How the disk boots: `efi`; `hybrid`, by EFI and BIOS, with GRUB; `legacy`, by BIOS from an MBR; `legacy+gpt`, by BIOS from
        a GPT. The variants `raw` and `qemu` boot by BIOS and support the latter two, `raw-efi` and `qemu-efi` the former two.
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
      description = "Use the first serial port as main console too (`console=ttyS0`; ttyAMA0 on aarch64).";
    };
    qemuGuest = mkOption {
      type = types.bool;
      default = false;
      description = "Use NixOS's profile for QEMU guests: drivers of its devices in the initrd. Default in the single-disk variants.";
    };
    compress = mkOption {
      type = types.bool;
      default = false;
      description = "Compress a qcow2 image: smaller, but slower to build.";
    };
    makeDiskImage = mkOption {
      type = types.attrsOf types.raw;
      default = { };
      example = lib.literalExpression "{ memSize = 4096; contents = [ { source = ./motd; target = \"/etc/motd\"; } ]; }";
      description = "Additional arguments of NixOS's make-disk-image.nix, documented there; they override ours.";
    };
  };

  config = {
    image.modules = onOneDisk // {
      repart = {
        imports = [ ../images/repart.nix ];
        nixosFleet.image.qemuGuest = lib.mkDefault true;
      };
      # Containers use the host's resolv.conf by default, which NixOS refuses together with systemd-resolved.
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
