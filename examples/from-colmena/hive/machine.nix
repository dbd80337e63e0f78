{
  nixpkgs.hostPlatform = "x86_64-linux";
  boot.loader.systemd-boot.enable = true;
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };
  services.openssh.enable = true;
  security.sudo.wheelNeedsPassword = false;
  users.users.deploy = {
    isNormalUser = true;
    extraGroups = [ "wheel" ];
    # Your public key.
    openssh.authorizedKeys.keys = [
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsyK0Vf7MCDs4I8v2w6cGoyTS3Yd+Q0r0uPHvZ4mQ0F you@example.org"
    ];
  };
  system.stateVersion = "26.05";
}
