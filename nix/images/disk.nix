# One disk with an ext4 root and, for EFI, an EFI system partition, built by NixOS's make-disk-image. The image of a machine that
# imports this is its own first generation: the first deployment changes nothing.
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
  # BIOS and EFI variants use the configured partition table if they support it.
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
    # The build has no firmware whose boot entries could be set.
    loader.efi.canTouchEfiVariables = lib.mkForce false;
    # One boot loader for both EFI and BIOS.
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
