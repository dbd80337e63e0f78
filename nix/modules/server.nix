# A headless server: small, self-recovering, and reached by ssh only. It sets NixOS's own options, as defaults that a host may
# override; docs/server.md lists them with reasons.
{
  config,
  lib,
  ...
}:
let
  cfg = config.nixosFleet.server;
  inherit (lib) mkOption types;
  # Stronger than mkDefault, which NixOS's image variants use for the same options.
  mkDefault = lib.mkOverride 900;
in
{
  options.nixosFleet.server = {
    enable = lib.mkEnableOption "the server profile: no GUI, systemd from stage 1 on, networkd, a small closure";
    panicSeconds = mkOption {
      type = types.ints.positive;
      default = 10;
      description = "Seconds between a kernel panic and the reboot.";
    };
    watchdogSeconds = mkOption {
      type = types.ints.unsigned;
      default = 30;
      description = ''
        Seconds without a keep-alive from systemd until a hardware watchdog resets the machine; 0 leaves the watchdog
        unchanged. Protects against a hard hang only if /dev/watchdog0 is hardware (or the hypervisor's).
      '';
    };
    perlless = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Build /etc as an overlay and users by userborn, so that activation needs no perl. Set it at a machine's first
        installation: later it changes what manages /etc and the users. Your own packages that contain perl stay.
      '';
    };
    sshd = mkOption {
      type = types.bool;
      default = true;
      description = "Run sshd, with keys only. Deployments log in through it.";
    };
    persistentEtc = mkOption {
      type = types.attrsOf types.lines;
      default = { };
      example = {
        "/var/lib/app" = "d /var/lib/app 0750 root root -";
      };
      description = ''
        State outside /etc, as named lines of tmpfiles.d(5). Use this instead of activation scripts: it is ordered before
        services, and runs again on each change.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !config.services.xserver.enable;
        message = "nixosFleet.server.enable = true, and services.xserver.enable = true: a server has no screen. Set one of them to false.";
      }
      {
        assertion = cfg.watchdogSeconds == 0 || cfg.watchdogSeconds >= 10;
        message = "nixosFleet.server.watchdogSeconds = ${toString cfg.watchdogSeconds}: under 10 s a busy machine is reset for nothing. Set 0 or at least 10.";
      }
      {
        assertion = !cfg.perlless || config.boot.initrd.systemd.enable;
        message = "nixosFleet.server.perlless = true needs boot.initrd.systemd.enable = true, and it is false.";
      }
    ];

    boot = {
      initrd.systemd.enable = mkDefault true;
      # Keep the console, for hypervisors and boards.
      kernelParams = [
        "panic=${toString cfg.panicSeconds}"
        "boot.panic_on_fail"
      ];
      tmp.cleanOnBoot = mkDefault true;
    };

    systemd = {
      # Nobody is at the console to use an emergency shell.
      enableEmergencyMode = mkDefault false;
      settings.Manager = lib.mkIf (cfg.watchdogSeconds > 0) {
        RuntimeWatchdogSec = mkDefault "${toString cfg.watchdogSeconds}s";
        RebootWatchdogSec = mkDefault "10min";
        KExecWatchdogSec = mkDefault "5min";
      };
      sleep.settings.Sleep = {
        AllowSuspend = mkDefault false;
        AllowHibernation = mkDefault false;
      };
      tmpfiles.rules = lib.concatMap (lines: lib.splitString "\n" (lib.removeSuffix "\n" lines)) (
        lib.attrValues cfg.persistentEtc
      );
    };

    networking = {
      useNetworkd = mkDefault true;
      firewall.enable = mkDefault true;
    };
    # One link that is up counts as online.
    systemd.network.wait-online.anyInterface = mkDefault true;

    services = {
      openssh = lib.mkIf cfg.sshd {
        enable = mkDefault true;
        settings = {
          PasswordAuthentication = mkDefault false;
          KbdInteractiveAuthentication = mkDefault false;
          PermitRootLogin = mkDefault "prohibit-password";
          X11Forwarding = mkDefault false;
          UseDns = mkDefault false;
        };
      };
      udisks2.enable = mkDefault false;
      userborn.enable = lib.mkIf cfg.perlless (mkDefault true);
      journald.extraConfig = mkDefault "SystemMaxUse=1G";
    };

    documentation = {
      enable = mkDefault false;
      doc.enable = mkDefault false;
      info.enable = mkDefault false;
      man.enable = mkDefault false;
      nixos.enable = mkDefault false;
    };
    environment = {
      defaultPackages = mkDefault [ ];
      stub-ld.enable = mkDefault false;
    };
    fonts.fontconfig.enable = mkDefault false;
    programs = {
      command-not-found.enable = mkDefault false;
      fish.generateCompletions = mkDefault false;
    };
    xdg = {
      autostart.enable = mkDefault false;
      icons.enable = mkDefault false;
      menus.enable = mkDefault false;
      mime.enable = mkDefault false;
      sounds.enable = mkDefault false;
    };
    system = {
      etc.overlay.enable = lib.mkIf cfg.perlless (mkDefault true);
      tools.nixos-generate-config.enable = lib.mkIf cfg.perlless (mkDefault false);
    };
    time.timeZone = mkDefault "UTC";
    users.mutableUsers = mkDefault false;
  };
}
