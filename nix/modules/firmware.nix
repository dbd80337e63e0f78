# Firmware of a physical machine: the processor's microcode, loaded early in boot, and updates by fwupd.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.firmware;
  inherit (lib) mkOption types;
  has = vendor: cfg.microcode == vendor || cfg.microcode == "both";
in
{
  options.nixosFleet.firmware = {
    enable = lib.mkEnableOption "microcode and firmware updates";
    microcode = mkOption {
      type = types.enum [
        "intel"
        "amd"
        "both"
        "none"
      ];
      default = if pkgs.stdenv.hostPlatform.isx86 then "both" else "none";
      defaultText = lib.literalMD "`both` on x86, else `none`";
      description = "Vendor of the processor. `both` fits any x86 machine and makes the initrd a few MiB larger.";
    };
    fwupd = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Run fwupd, which fetches the list of updates every day. It installs nothing by itself: run `fwupdmgr update`, then
        reboot.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.microcode == "none" || pkgs.stdenv.hostPlatform.isx86;
        message = "nixosFleet.firmware.microcode = \"${cfg.microcode}\" on ${pkgs.stdenv.hostPlatform.system}: only x86 processors have it loaded so. Set it to \"none\".";
      }
      {
        assertion = !config.boot.isContainer;
        message = "nixosFleet.firmware.enable = true on a container (boot.isContainer = true), which has no firmware.";
      }
    ];
    hardware = {
      enableRedistributableFirmware = lib.mkDefault true;
      cpu.intel.updateMicrocode = lib.mkIf (has "intel") true;
      cpu.amd.updateMicrocode = lib.mkIf (has "amd") true;
    };
    services.fwupd.enable = cfg.fwupd;
  };
}
