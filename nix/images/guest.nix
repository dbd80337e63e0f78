# Drivers and consoles of an image, for virtual and physical machines.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}@arguments:
let
  cfg = config.nixosFleet.image;
  port = if pkgs.stdenv.hostPlatform.isAarch64 then "ttyAMA0" else "ttyS0";
in
{
  config = lib.mkMerge [
    (lib.mkIf cfg.qemuGuest (import "${modulesPath}/profiles/qemu-guest.nix" arguments))
    (lib.mkIf cfg.serialConsole {
      # The last one is /dev/console, where stage 1 and systemd print.
      boot.kernelParams = [
        "console=tty0"
        "console=${port}"
      ];
    })
  ];
}
