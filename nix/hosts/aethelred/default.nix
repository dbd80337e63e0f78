# A physical server. Where it is and who deploys it is in the stack's config (Pulumi.aethelred.yaml).
{ lib, ... }:
{
  imports = [ ./hardware.nix ];

  boot.loader = {
    systemd-boot.enable = true;
    systemd-boot.configurationLimit = lib.mkDefault 10;
    efi.canTouchEfiVariables = true;
  };
  networking.useNetworkd = true;
  documentation.enable = lib.mkDefault false;
  system.stateVersion = "26.05";
}
