# Unattended reboots in a time window, if the booted kernel differs from that of the next boot; and a rollback command.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.rebootWindow;
  inherit (lib) mkOption types;
  time = types.strMatching "([01][0-9]|2[0-3]):[0-5][0-9]";
  script =
    name: file:
    pkgs.writeShellScriptBin name ''
      export PATH=${
        lib.makeBinPath [
          pkgs.coreutils
          pkgs.gawk
          pkgs.gnugrep
          pkgs.gnused
          pkgs.util-linux
          config.nix.package
          config.systemd.package
        ]
      }:$PATH
      ${lib.concatMapStrings builtins.readFile [
        ./scripts/prelude.sh
        ./scripts/lock.sh
        ./scripts/boot-state.sh
        file
      ]}
    '';
in
{
  options.nixosFleet.rebootWindow = {
    enable = lib.mkEnableOption "unattended reboots in a window, and the command nixos-fleet-rollback";
    from = mkOption {
      type = time;
      default = "03:00";
      description = "When the window opens, HH:MM in the machine's time zone.";
    };
    to = mkOption {
      type = time;
      default = "05:00";
      description = "When the window closes, HH:MM; a window over midnight is allowed.";
    };
    checkEvery = mkOption {
      type = types.str;
      default = "*:0/15";
      description = "When to check whether a reboot is due: a calendar event of systemd.time(7).";
    };
    randomizedDelay = mkOption {
      type = types.str;
      default = "10min";
      description = "Maximum random delay of the check, so that a fleet does not reboot simultaneously. A time span of systemd.time(7).";
    };
    method = mkOption {
      type = types.enum [
        "reboot"
        "kexec"
      ];
      default = "reboot";
      description = "`kexec` skips the firmware and the boot loader: faster, but bypasses boot counting.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.from != cfg.to;
        message = "nixosFleet.rebootWindow.from and .to are both \"${cfg.to}\": the window is never open. Let them differ.";
      }
      {
        assertion = cfg.method != "kexec" || config.boot.kexec.enable;
        message = "nixosFleet.rebootWindow.method = \"kexec\" needs boot.kexec.enable = true, and it is false.";
      }
      {
        assertion = cfg.method != "kexec" || !config.nixosFleet.bootAssessment.enable;
        message = "nixosFleet.rebootWindow.method = \"kexec\" goes past the boot loader, which nixosFleet.bootAssessment.enable = true relies on. Use \"reboot\".";
      }
      {
        assertion = !config.boot.isContainer;
        message = "nixosFleet.rebootWindow.enable = true on a container (boot.isContainer = true), which boots no kernel of its own.";
      }
      {
        assertion = !(config.system.autoUpgrade.enable && config.system.autoUpgrade.allowReboot);
        message = "nixosFleet.rebootWindow.enable = true and system.autoUpgrade.allowReboot = true: both would reboot the machine. Set one of them to false.";
      }
    ];

    environment.systemPackages = [ (script "nixos-fleet-rollback" ./scripts/rollback.sh) ];
    systemd.services.nixos-fleet-reboot = {
      description = "Reboot if a reboot is due and the window is open";
      restartIfChanged = false;
      startAt = cfg.checkEvery;
      environment = {
        FLEET_FROM = cfg.from;
        FLEET_TO = cfg.to;
        FLEET_METHOD = cfg.method;
      };
      serviceConfig = {
        Type = "oneshot";
        ExecStart = lib.getExe (script "nixos-fleet-reboot-if-due" ./scripts/reboot-if-due.sh);
      };
    };
    systemd.timers.nixos-fleet-reboot.timerConfig.RandomizedDelaySec = cfg.randomizedDelay;
  };
}
