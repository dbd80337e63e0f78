{
  networking.hostName = "node";
  nixpkgs.hostPlatform = "x86_64-linux";

  # The disk is named by the labels that the image has; the image's own module declares the file systems.
  boot.loader.systemd-boot.enable = true;
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
    autoResize = true;
  };
  fileSystems."/boot" = {
    device = "/dev/disk/by-label/ESP";
    fsType = "vfat";
  };
  boot.growPartition = true;

  networking.useDHCP = true;
  services.openssh.enable = true;
  # Your public key. Without it you cannot log in or deploy.
  users.users.root.openssh.authorizedKeys.keys = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsyK0Vf7MCDs4I8v2w6cGoyTS3Yd+Q0r0uPHvZ4mQ0F you@example.org"
  ];

  system.stateVersion = "26.05";
}
