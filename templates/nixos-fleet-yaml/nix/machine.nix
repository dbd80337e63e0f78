{
  imports = [ ./hardware-configuration.nix ];

  networking.hostName = "machine";

  services.openssh.enable = true;
  # Your public key. Without it you cannot log in or deploy:
  # users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 …" ];

  system.stateVersion = "26.05";
}
