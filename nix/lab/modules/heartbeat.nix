# A service whose setting can be read on the machine: /run/heartbeat/message. NixOS's machines of the lab have it, too.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.heartbeat;
in
{
  options.services.heartbeat = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the machine says that it is alive.";
    };
    message = mkOption {
      type = types.str;
      default = "alive";
      description = "What it says.";
    };
    seconds = mkOption {
      type = types.int;
      default = 30;
      description = "How often, in seconds.";
    };
  };

  config = mkIf cfg.enable {
    systemd.services.heartbeat = {
      description = "Says that this machine is alive";
      wantedBy = [ "multi-user.target" ];
      environment = {
        MESSAGE = cfg.message;
        PATH = lib.mkForce "${pkgs.coreutils or pkgs.busybox}/bin";
      };
      script = ''
        while :; do
          echo "$MESSAGE" >/run/heartbeat/message
          date -u +%FT%TZ >/run/heartbeat/beat
          sleep ${toString cfg.seconds}
        done
      '';
      serviceConfig = {
        Type = "exec";
        RuntimeDirectory = "heartbeat";
      };
    };
  };
}
