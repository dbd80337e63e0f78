# nixosFleet.installUser: a user of the machine's disk images alone, for its first deployment (`bootstrapUser` of a stack's host). It is not
# in the system that is deployed, so that the first switch drops it.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nixosFleet.installUser;
  # NixOS's variants that a machine boots from.
  variants = [
    "amazon"
    "azure"
    "digital-ocean"
    "google-compute"
    "hyperv"
    "kubevirt"
    "linode"
    "openstack"
    "proxmox"
    "qemu"
    "qemu-efi"
    "raw"
    "raw-efi"
    "repart"
    "sd-card"
    "virtualbox"
    "vmware"
  ];
  user = {
    users.users.${cfg.name} = {
      isNormalUser = true;
      openssh.authorizedKeys.keys = cfg.keys;
    };
    security.sudo.extraRules = [
      {
        users = [ cfg.name ];
        commands = [
          {
            command = "ALL";
            options = [ "NOPASSWD" ];
          }
        ];
      }
    ];
  };
in
{
  options.nixosFleet.installUser = {
    enable = lib.mkEnableOption "a user of the disk images alone, who is root by sudo and whom the first deployment removes";
    name = mkOption {
      type = types.strMatching "[a-z_][a-z0-9_-]*";
      default = "install";
      description = "Its name, which the stack's host gives as `bootstrapUser`.";
    };
    keys = mkOption {
      type = types.listOf types.singleLineStr;
      default = [ ];
      description = "Public ssh keys that are let in; make one for this alone.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.keys != [ ];
        message = "nixosFleet.installUser.keys = [ ]: nobody could log in to the image. Give the key that deploys.";
      }
      {
        assertion = config.security.sudo.enable;
        message = "nixosFleet.installUser.enable = true needs security.sudo.enable = true: it becomes root by sudo.";
      }
    ];
    image.modules = lib.genAttrs variants (_: user);
  };
}
