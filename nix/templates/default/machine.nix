{
  networking.hostName = "machine";
  nixpkgs.hostPlatform = "x86_64-linux";

  boot.loader.systemd-boot.enable = true;
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };

  services.openssh.enable = true;
  # Your own public key, without which you cannot log in, and so cannot deploy:
  # users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 …" ];

  system.stateVersion = "26.05";
}
