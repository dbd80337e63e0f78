# Pull mode: the machine updates itself from a flake, beside deployments that an operator pushes. Both take the same
# lock and leave the same record, so neither works into the other, and `pulumi refresh` names what a pull brought.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.updates;
  inherit (lib) mkOption types;
in
{
  options.nixosFleet.updates = {
    enable = lib.mkEnableOption "updates that the machine pulls from a flake by itself";
    flake = mkOption {
      type = types.str;
      default = "";
      example = "git+https://git.example.org/fleet?dir=nix";
      description = "The flake to follow. Its lock file decides the versions; nothing is updated in it.";
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
      description = "`switch` makes the new system live at once; `boot` leaves it to the next boot (see nixosFleet.rebootWindow).";
    };
    dates = mkOption {
      type = types.str;
      default = "04:40";
      description = "When to pull: a calendar event of systemd.time(7).";
    };
    randomizedDelay = mkOption {
      type = types.str;
      default = "45min";
      description = "Up to how much later to begin, the same on every day: spreads a fleet's load. A time span of systemd.time(7).";
    };
    holdHoursAfterPush = mkOption {
      type = types.ints.unsigned;
      default = 24;
      description = "Hours for which a system that an operator pushed is left alone, though the flake says otherwise; 0: not at all.";
    };
    healthCheck = mkOption {
      type = types.lines;
      default = "";
      example = "curl --fail --silent http://localhost/health";
      description = ''
        Shell commands that tell whether the new system is good, with the limit of healthCheckSeconds. If they fail, the
        machine goes back to the system it ran, by its exact path. That the flake can still be reached is checked always.
      '';
    };
    healthCheckSeconds = mkOption {
      type = types.ints.positive;
      default = 120;
      description = "Seconds that the health check may take.";
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
      # It switches the system it belongs to.
      restartIfChanged = false;
      stopIfChanged = false;
      unitConfig.X-StopOnRemoval = false;
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      startAt = cfg.dates;
      path = [
        pkgs.coreutils
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
        };
      serviceConfig = {
        Type = "oneshot";
        ExecStart = pkgs.writeShellScript "nixos-fleet-pull" (builtins.readFile ./scripts/pull.sh);
      };
    };
    systemd.timers.nixos-fleet-pull.timerConfig = {
      RandomizedDelaySec = cfg.randomizedDelay;
      FixedRandomDelay = true;
      Persistent = true;
    };
  };
}
