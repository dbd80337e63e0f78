# A physical server. Where it is and who deploys it is in the stack's config (Pulumi.aethelred.yaml).
{
  imports = [
    ./disks.nix
    ./hardware.nix
  ];

  # docs/server.md says what each of these sets.
  nixosFleet = {
    server.enable = true;
    nixSettings.enable = true;
  };

  # Root's password, for the console, is set at the installation; who may log in over ssh is the stack's business.
  users.mutableUsers = true;

  system.stateVersion = "26.05";
}
