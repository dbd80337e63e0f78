{
  config,
  lib,
  pkgs,
  build,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.redis;
  configuration = build.writers.writeText "redis.conf" ''
    port ${toString cfg.port}
    bind ${cfg.bind}
    protected-mode no
    dir /var/lib/redis
    daemonize no
    supervised systemd
    ${builtins.concatStringsSep "\n" (
      map (name: "${name} ${cfg.settings.${name}}") (builtins.attrNames cfg.settings)
    )}
  '';
in
{
  options.services.redis = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether redis runs.";
    };
    port = mkOption {
      type = types.port;
      default = 6379;
      description = "TCP port it listens on.";
    };
    bind = mkOption {
      type = types.str;
      default = "0.0.0.0";
      description = "Address it listens on.";
    };
    openFirewall = mkOption {
      type = types.bool;
      default = false;
      description = "Whether other machines reach it.";
    };
    settings = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Lines of redis.conf.";
    };
  };

  config = mkIf cfg.enable {
    networking.firewall.allowedTCPPorts = mkIf cfg.openFirewall [ cfg.port ];
    systemd.services.redis = {
      description = "Redis";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        Type = "notify";
        ExecStart = "${pkgs.redis}/bin/redis-server ${configuration}";
        StateDirectory = "redis";
        Restart = "on-failure";
      };
    };
  };
}
