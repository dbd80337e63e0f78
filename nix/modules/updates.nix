# Pull mode: the machine updates itself from a flake, besides deployments that an operator pushes. Both take the same lock and
# write the same record, so they never run at the same time, and `pulumi refresh` reports what was pulled.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.updates;
  inherit (lib) mkOption types;
  # The supervisor of a switch, which is the same for a push and a pull.
  scripts = pkgs.linkFarm "nixos-fleet-supervisor" {
    "prelude.sh" = ./scripts/prelude.sh;
    "lock.sh" = ./scripts/lock.sh;
    "boot-state.sh" = ./scripts/boot-state.sh;
    "supervisor.sh" = ./scripts/supervisor.sh;
    "recover.sh" = ./scripts/recover.sh;
    "result.sh" = ./scripts/result.sh;
    "finish.sh" = ./scripts/finish.sh;
  };
in
{
  options.nixosFleet.updates = {
    enable = lib.mkEnableOption "updates that the machine pulls from a flake by itself";
    flake = mkOption {
      type = types.str;
      default = "";
      example = "git+https://git.example.org/fleet?dir=nix";
      description = "The flake to follow. Its lock file decides the versions and is not updated.";
    };
    host = mkOption {
      type = types.str;
      default = config.networking.hostName;
      defaultText = lib.literalExpression "config.networking.hostName";
      description = "Name of this machine in the flake's nixosConfigurations.";
    };
    operation = mkOption {
      type = types.enum [
        "switch"
        "boot"
      ];
      default = "switch";
      description = "`switch` makes the new system live at once; `boot` waits for the next boot (see nixosFleet.rebootWindow).";
    };
    dates = mkOption {
      type = types.str;
      default = "04:40";
      description = "When to pull: a calendar event of systemd.time(7).";
    };
    randomizedDelay = mkOption {
      type = types.str;
      default = "45min";
      description = "Maximum delay, random but the same every day, which spreads a fleet's load. A time span of systemd.time(7).";
    };
    holdHoursAfterPush = mkOption {
      type = types.ints.unsigned;
      default = 24;
      description = "Hours for which a pull does not replace a system that an operator pushed; 0: replace at once.";
    };
    healthCheck = mkOption {
      type = types.lines;
      default = "";
      example = "curl --fail --silent http://localhost/health";
      description = ''
        Shell commands that check the new system, with the timeout healthCheckSeconds. If they fail, the machine rolls back to
        the exact path it ran before. It always checks too that the flake is still reachable.
      '';
    };
    healthCheckSeconds = mkOption {
      type = types.ints.positive;
      default = 120;
      description = "Timeout of the health check, in seconds.";
    };
    path = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages that the health check needs.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.flake != "";
        message = "nixosFleet.updates.flake = \"\": name the flake to pull from, or set nixosFleet.updates.enable = false.";
      }
      {
        assertion = !config.system.autoUpgrade.enable;
        message = "nixosFleet.updates.enable = true and system.autoUpgrade.enable = true: two updaters would undo each other's work. Set one of them to false.";
      }
      {
        assertion = config.nix.enable;
        message = "nixosFleet.updates.enable = true needs nix.enable = true, and it is false.";
      }
    ];

    systemd.services.nixos-fleet-pull = {
      description = "Update this machine from ${cfg.flake}";
      # This unit itself switches the system: a restart would interrupt it.
      restartIfChanged = false;
      stopIfChanged = false;
      unitConfig.X-StopOnRemoval = false;
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      startAt = cfg.dates;
      path = [
        pkgs.coreutils
        pkgs.findutils
        pkgs.gnugrep
        pkgs.gnused
        pkgs.jq
        pkgs.util-linux
        pkgs.gitMinimal
        config.nix.package
        config.programs.ssh.package
        config.systemd.package
      ]
      ++ cfg.path;
      environment =
        config.nix.envVars
        // config.networking.proxy.envVars
        // {
          HOME = "/root";
          FLEET_FLAKE = cfg.flake;
          FLEET_HOST = cfg.host;
          FLEET_OPERATION = cfg.operation;
          FLEET_HOLD_HOURS = toString cfg.holdHoursAfterPush;
          FLEET_CHECK = pkgs.writeShellScript "health-check" ''
            set -e
            ${cfg.healthCheck}
          '';
          FLEET_CHECK_SECONDS = toString cfg.healthCheckSeconds;
          FLEET_SCRIPTS = scripts;
        };
      serviceConfig = {
        Type = "oneshot";
        ExecStart = pkgs.writeShellScript "nixos-fleet-pull" (
          lib.concatMapStrings builtins.readFile [
            ./scripts/prelude.sh
            ./scripts/lock.sh
            ./scripts/result.sh
            ./scripts/pull.sh
          ]
        );
        # A download that hangs.
        TimeoutStartSec = "1d";
      };
    };
    systemd.timers.nixos-fleet-pull.timerConfig = {
      RandomizedDelaySec = cfg.randomizedDelay;
      FixedRandomDelay = true;
      Persistent = true;
    };
  };
}
