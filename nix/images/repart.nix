# A disk image built by systemd-repart, without a virtual machine. It boots one generation as a unified kernel image; the first boot
# registers the store, creates the system profile, and grows the root to the disk.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.image;
  efiArch = pkgs.stdenv.hostPlatform.efiArch;
  upper = lib.toUpper efiArch;
  registration = "${pkgs.closureInfo { rootPaths = [ config.system.build.toplevel ]; }}/registration";
in
{
  imports = [
    "${modulesPath}/image/repart.nix"
    ./guest.nix
  ];

  image.repart = {
    name = lib.mkDefault config.networking.hostName;
    partitions = {
      "10-esp" = {
        contents = {
          "/EFI/BOOT/BOOT${upper}.EFI".source =
            "${pkgs.systemd}/lib/systemd/boot/efi/systemd-boot${efiArch}.efi";
          "/EFI/Linux/${config.system.boot.loader.ukiFile}".source =
            "${config.system.build.uki}/${config.system.boot.loader.ukiFile}";
        };
        repartConfig = {
          Type = "esp";
          Format = "vfat";
          Label = "ESP";
          SizeMinBytes = "${toString cfg.bootSizeMiB}M";
        };
      };
      "20-root" = {
        storePaths = [ config.system.build.toplevel ];
        contents."/nix-path-registration".source = registration;
        repartConfig = {
          Type = "root";
          Format = "ext4";
          Label = "nixos";
          Minimize = "guess";
        };
      };
    };
  };

  # By partition label: file system labels are the same as the installer's.
  fileSystems."/" = {
    device = lib.mkForce "/dev/disk/by-partlabel/nixos";
    fsType = lib.mkForce "ext4";
    inherit (cfg) autoResize;
  };
  fileSystems."/boot" = {
    device = lib.mkForce "/dev/disk/by-partlabel/ESP";
    fsType = lib.mkForce "vfat";
  };
  boot.growPartition = lib.mkDefault cfg.autoResize;
  boot.loader.systemd-boot.enable = lib.mkDefault true;
  boot.loader.efi.canTouchEfiVariables = lib.mkForce false;

  systemd.services.nixos-fleet-register-image = {
    description = "Register the image's store paths and its system profile";
    unitConfig.ConditionPathExists = "/nix-path-registration";
    unitConfig.DefaultDependencies = false;
    wantedBy = [ "sysinit.target" ];
    after = [ "local-fs.target" ];
    before = [
      "sysinit.target"
      "shutdown.target"
      "nix-daemon.socket"
      "nix-daemon.service"
    ];
    conflicts = [ "shutdown.target" ];
    serviceConfig.Type = "oneshot";
    script = ''
      ${lib.getExe' config.nix.package "nix-store"} --load-db < /nix-path-registration
      touch /etc/NIXOS
      ${lib.getExe' config.nix.package "nix-env"} -p /nix/var/nix/profiles/system --set "$(readlink -f /run/current-system)"
      rm /nix-path-registration
    '';
  };
}
