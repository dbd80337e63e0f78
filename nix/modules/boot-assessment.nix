# systemd-boot counts the boots of a new system until one passes its health checks. A system that never does is skipped for an
# older one.
{
  config,
  lib,
  ...
}@args:
let
  cfg = config.nixosFleet.bootAssessment;
  inherit (lib) mkOption types;
  canCount = args.options.boot.loader.systemd-boot ? bootCounting;
  sshdUnit = if config.services.openssh.startWhenNeeded then "sshd.socket" else "sshd.service";
  checks =
    lib.optionalAttrs (cfg.requireUnits != [ ]) {
      units = {
        after = cfg.requireUnits;
        path = [ ];
        timeoutSeconds = 60;
        script = "systemctl is-active ${lib.escapeShellArgs cfg.requireUnits}";
      };
    }
    // cfg.checks;
in
{
  options.nixosFleet.bootAssessment = {
    enable = lib.mkEnableOption "boot counting, and health checks that decide whether a boot was good";
    tries = mkOption {
      type = types.ints.positive;
      default = 3;
      description = "Number of boots in which a new system must pass its checks.";
    };
    requireUnits = mkOption {
      type = types.listOf types.str;
      default = lib.optional config.services.openssh.enable sshdUnit;
      defaultText = lib.literalMD "sshd's unit, where services.openssh is enabled";
      description = "Units that must be active for a boot to be good.";
    };
    checks = mkOption {
      default = { };
      example = lib.literalExpression ''
        {
          web = {
            script = "curl --fail --silent --retry 10 --retry-connrefused http://localhost/";
            path = [ pkgs.curl ];
            after = [ "nginx.service" ];
          };
        }
      '';
      description = "Additional checks by name: a boot is good if all succeed.";
      type = types.attrsOf (
        types.submodule {
          options = {
            script = mkOption {
              type = types.lines;
              description = "Shell commands; an exit code other than 0 fails the check.";
            };
            path = mkOption {
              type = types.listOf types.package;
              default = [ ];
              description = "Packages that the commands need.";
            };
            after = mkOption {
              type = types.listOf types.str;
              default = [ ];
              description = "Units to wait for.";
            };
            timeoutSeconds = mkOption {
              type = types.ints.positive;
              default = 120;
              description = "Timeout in seconds, after which the check fails.";
            };
          };
        }
      );
    };
    rebootOnFailure = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Reboot if a check fails, which uses the next try and finally boots an older system. Checks run only in counted boots, so
        a system that has passed once is never rebooted by this.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = canCount;
        message = "nixosFleet.bootAssessment.enable = true needs boot.loader.systemd-boot.bootCounting, which this nixpkgs (${lib.version}) does not have. Take a newer one.";
      }
      {
        assertion = config.boot.loader.systemd-boot.enable;
        message = "nixosFleet.bootAssessment.enable = true needs boot.loader.systemd-boot.enable = true, and it is false: only systemd-boot counts boots.";
      }
      {
        assertion = checks != { };
        message = "nixosFleet.bootAssessment.requireUnits = [ ] and .checks = { }: every boot would be good. Name at least one unit or check.";
      }
      {
        assertion = !(cfg.checks ? units);
        message = "nixosFleet.bootAssessment.checks.units: the name is taken by requireUnits. Give the check another name.";
      }
    ];

    boot.loader.systemd-boot = lib.optionalAttrs canCount {
      bootCounting = {
        enable = true;
        inherit (cfg) tries;
      };
    };

    # boot-complete.target is only reached in boots that the boot loader counts.
    systemd.services = lib.mapAttrs' (
      name: check:
      lib.nameValuePair "nixos-fleet-check-${name}" {
        description = "Boot assessment: ${name}";
        requiredBy = [ "boot-complete.target" ];
        before = [ "boot-complete.target" ];
        inherit (check) after path script;
        restartIfChanged = false;
        unitConfig.FailureAction = lib.mkIf cfg.rebootOnFailure "reboot";
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          TimeoutStartSec = check.timeoutSeconds;
        };
      }
    ) checks;
  };
}
