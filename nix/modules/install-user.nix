# nixosFleet.installUser: a user in the machine's disk images only, for its first deployment (`bootstrapUser` of a stack's host). The
# deployed system does not have it, so the first switch removes it.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nixosFleet.installUser;
  # NixOS's bootable variants.
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
    enable = lib.mkEnableOption "a user in the disk images only, with sudo, which the first deployment removes";
    name = mkOption {
      type = types.strMatching "[a-z_][a-z0-9_-]*";
      default = "install";
      description = "Its name, the value of `bootstrapUser` of the stack's host.";
    };
    keys = mkOption {
      type = types.listOf types.singleLineStr;
      default = [ ];
      description = "Public ssh keys that may log in; use one that is only for this.";
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
