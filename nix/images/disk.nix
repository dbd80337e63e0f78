# One disk with an EFI system partition and an ext4 root, made by NixOS's make-disk-image. A machine that imports this boots as
# its own first generation: the first deployment finds nothing to change.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.image;
  bootSize = "${toString cfg.bootSizeMiB}M";
in
{
  imports = [ "${modulesPath}/virtualisation/disk-image.nix" ];

  fileSystems."/" = {
    device = lib.mkForce "/dev/disk/by-label/nixos";
    fsType = lib.mkForce "ext4";
  };
  fileSystems."/boot" = lib.mkIf config.image.efiSupport {
    device = lib.mkForce "/dev/disk/by-label/ESP";
    fsType = lib.mkForce "vfat";
  };
  # The image is made where no firmware can be told of an entry.
  boot.loader.efi.canTouchEfiVariables = lib.mkForce false;

  system.build.image = lib.mkForce (
    import "${modulesPath}/../lib/make-disk-image.nix" {
      inherit
        config
        lib
        pkgs
        bootSize
        ;
      inherit (config.image) baseName format;
      diskSize = cfg.diskSizeMiB;
      additionalSpace = "${toString cfg.additionalSpaceMiB}M";
      partitionTableType = if config.image.efiSupport then "efi" else "legacy";
      # A channel would add all of nixpkgs to the image.
      copyChannel = false;
    }
  );
}
