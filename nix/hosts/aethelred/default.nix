# A physical server. Where it is and who deploys it is in the stack's config (Pulumi.aethelred.yaml).
{ lib, ... }:
{
  imports = [ ./hardware.nix ];

  # docs/server.md says what each of these sets.
  nixosFleet = {
    server.enable = true;
    nixSettings.enable = true;
  };

  # Root's password, for the console, is set at the installation; who may log in over ssh is the stack's business.
  users.mutableUsers = true;

  boot.loader = {
    systemd-boot.enable = true;
    systemd-boot.configurationLimit = lib.mkDefault 10;
    efi.canTouchEfiVariables = true;
  };
  system.stateVersion = "26.05";
}
