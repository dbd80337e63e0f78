# Garbage on a machine whose store others live from: a cache, a builder. What runs there, what its own deployments recorded, and what was
# pushed to it has a root; here is for how long the roots of pushed systems last, and when the rest goes.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.garbage;
  inherit (lib) mkOption types;
  gibibyte = 1024 * 1024 * 1024;
in
{
  options.nixosFleet.garbage = {
    enable = lib.mkEnableOption "garbage collection on a machine that is a cache or a builder for others, in the place of nixosFleet.nixSettings.gc";
    dates = mkOption {
      type = types.str;
      default = "daily";
      description = "When: a calendar event of systemd.time(7).";
    };
    keepDays = mkOption {
      type = types.ints.positive;
      default = 30;
      description = "Days for which generations of this machine, and systems that were pushed to it for others, are kept after the next one came.";
    };
    keepGenerations = mkOption {
      type = types.ints.positive;
      default = 3;
      description = "Pushed systems of each machine that are kept however old they are: what it runs, what it was booted with, what it goes back to.";
    };
    minFreeGiB = mkOption {
      type = types.ints.positive;
      default = 10;
      description = "Free space under which Nix collects garbage in the middle of a build or a copy.";
    };
    maxFreeGiB = mkOption {
      type = types.ints.positive;
      default = 40;
      description = "Free space at which it stops then: what others may still want stays as long as there is room.";
    };
    keepBuildInputs = mkOption {
      type = types.bool;
      default = false;
      description = "For a builder: keep compilers and sources of what is kept, so that the next build does not fetch them again. Takes several times the room.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = config.nix.enable;
        message = "nixosFleet.garbage.enable = true needs nix.enable = true, and it is false.";
      }
      {
        assertion = cfg.maxFreeGiB > cfg.minFreeGiB;
        message = "nixosFleet.garbage.maxFreeGiB = ${toString cfg.maxFreeGiB} is not above minFreeGiB = ${toString cfg.minFreeGiB}: nothing would be freed. Raise it.";
      }
    ];

    nix = {
      settings = {
        min-free = cfg.minFreeGiB * gibibyte;
        max-free = cfg.maxFreeGiB * gibibyte;
      }
      // lib.optionalAttrs cfg.keepBuildInputs {
        keep-outputs = true;
        keep-derivations = true;
      };
      gc = {
        automatic = true;
        inherit (cfg) dates;
        options = "--delete-older-than ${toString cfg.keepDays}d";
        randomizedDelaySec = lib.mkDefault "45min";
      };
    };

    systemd = {
      # Without the roots nothing is collected.
      services.nix-gc = {
        requires = [ "nixos-fleet-keep-pushed.service" ];
        after = [ "nixos-fleet-keep-pushed.service" ];
      };
      services.nixos-fleet-keep-pushed = {
        description = "Keep what was pushed to this machine from garbage collection";
        path = [ pkgs.coreutils ];
        environment = {
          KEEP_DAYS = toString cfg.keepDays;
          KEEP_GENERATIONS = toString cfg.keepGenerations;
        };
        serviceConfig = {
          Type = "oneshot";
          ExecStart = pkgs.writeShellScript "keep-pushed" (builtins.readFile ./scripts/keep-pushed.sh);
        };
      };
      # As soon as something is pushed: a build may collect garbage at any time.
      paths.nixos-fleet-keep-pushed = {
        description = "What is pushed to this machine";
        wantedBy = [ "paths.target" ];
        pathConfig = {
          PathChanged = "/nix/var/nix/gcroots/nixos-fleet-pushed";
          MakeDirectory = true;
        };
      };
    };
  };
}
