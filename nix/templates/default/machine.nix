{
  imports = [ ./disks.nix ];
  nixosFleet.image.hardwareModules = [ ./disks.nix ];

  networking.hostName = "machine";
  nixpkgs.hostPlatform = "x86_64-linux";

  services.openssh.enable = true;
  # Your own public key, without which you cannot log in, and so cannot deploy:
  # users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 …" ];

  system.stateVersion = "26.05";
}
