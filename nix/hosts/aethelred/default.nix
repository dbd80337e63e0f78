# A physical server. Its address and login are in the stack's config (Pulumi.aethelred.yaml).
{
  imports = [
    ./disks.nix
    ./hardware.nix
  ];

  # docs/server.md describes what each of these sets.
  nixosFleet = {
    server.enable = true;
    nixSettings.enable = true;
  };

  # Root's password for the console is set at installation; the stack decides who may log in over ssh.
  users.mutableUsers = true;

  system.stateVersion = "26.05";
}
