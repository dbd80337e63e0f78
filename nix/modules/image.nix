# nixosFleet.image: disk images of a machine. Each is `system.build.images.<variant>`; NixOS's own variants are mended so that
# they work on a machine that names its file systems, and `repart` is one more.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nixosFleet.image;
  onOneDisk = [
    "raw"
    "raw-efi"
    "qemu"
    "qemu-efi"
  ];
in
{
  options.nixosFleet.image = {
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
  };

  config = {
    image.modules = lib.genAttrs onOneDisk (_: import ../images/disk.nix) // {
      repart = import ../images/repart.nix;
    };
    assertions = [
      {
        assertion = cfg.diskSizeMiB == "auto" || cfg.diskSizeMiB >= cfg.bootSizeMiB + 512;
        message = "nixosFleet.image.diskSizeMiB (${toString cfg.diskSizeMiB}) leaves less than 512 MiB beside the boot partition of ${toString cfg.bootSizeMiB} MiB.";
      }
    ];
  };
}
