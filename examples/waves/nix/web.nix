{
  nixpkgs.hostPlatform = "x86_64-linux";
  boot.loader.systemd-boot.enable = true;
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };
  fileSystems."/boot" = {
    device = "/dev/disk/by-label/ESP";
    fsType = "vfat";
  };

  services.nginx = {
    enable = true;
    virtualHosts.default.locations."/health".return = "200 ok";
  };
  networking.firewall.allowedTCPPorts = [ 80 ];

  services.openssh.enable = true;
  # Your public key. Without it you cannot log in or deploy.
  users.users.root.openssh.authorizedKeys.keys = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsyK0Vf7MCDs4I8v2w6cGoyTS3Yd+Q0r0uPHvZ4mQ0F you@example.org"
  ];

  system.stateVersion = "26.05";
}
