# One disk with an ext4 root, and an EFI system partition where it boots by EFI, made by NixOS's make-disk-image. A machine that
# imports this boots as its own first generation: the first deployment finds nothing to change.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.image;
  inherit (config.image) efiSupport;
  bios = lib.hasPrefix "legacy" cfg.partitionTable;
  hybrid = efiSupport && cfg.partitionTable == "hybrid";
  # The variants for BIOS alone, and those for EFI, have the table that is asked for as far as they can.
  partitionTableType =
    if hybrid then
      "hybrid"
    else if efiSupport then
      "efi"
    else if bios then
      cfg.partitionTable
    else
      "legacy";
in
{
  imports = [
    "${modulesPath}/virtualisation/disk-image.nix"
    ./guest.nix
  ];

  image.efiSupport = lib.mkIf bios (lib.mkDefault false);
  fileSystems."/" = {
    device = lib.mkForce "/dev/disk/by-label/nixos";
    fsType = lib.mkForce "ext4";
    autoResize = lib.mkIf (!cfg.autoResize) (lib.mkForce false);
  };
  fileSystems."/boot" = lib.mkIf efiSupport {
    device = lib.mkForce "/dev/disk/by-label/ESP";
    fsType = lib.mkForce "vfat";
  };
  boot = {
    growPartition = lib.mkIf (!cfg.autoResize) (lib.mkForce false);
    # The image is made where no firmware can be told of an entry.
    loader.efi.canTouchEfiVariables = lib.mkForce false;
    # One boot loader that both kinds of firmware start.
    loader.systemd-boot.enable = lib.mkIf hybrid (lib.mkForce false);
    loader.grub = lib.mkIf hybrid {
      enable = true;
      efiSupport = true;
      efiInstallAsRemovable = true;
      devices = lib.mkDefault [ "/dev/vda" ];
    };
  };

  system.build.image = lib.mkForce (
    import "${modulesPath}/../lib/make-disk-image.nix" (
      {
        inherit
          config
          lib
          partitionTableType
          pkgs
          ;
        inherit (config.image) baseName;
        format =
          config.image.format
          + lib.optionalString (cfg.compress && config.image.format == "qcow2") "-compressed";
        bootSize = "${toString cfg.bootSizeMiB}M";
        diskSize = cfg.diskSizeMiB;
        additionalSpace = "${toString cfg.additionalSpaceMiB}M";
        # A channel would add all of nixpkgs to the image.
        copyChannel = false;
      }
      // cfg.makeDiskImage
    )
  );
}
