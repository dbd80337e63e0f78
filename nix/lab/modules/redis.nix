{
  config,
  lib,
  pkgs,
  build,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  inherit (builtins)
    attrNames
    concatStringsSep
    filter
    listToAttrs
    map
    ;
  inherit (config.services.redis) servers;
  running = filter (name: servers.${name}.enable) (attrNames servers);
  # As in NixOS, the server "" is redis.service, and the server "cache" redis-cache.service.
  serviceOf = name: if name == "" then "redis" else "redis-${name}";
  configuration =
    name: server:
    build.writers.writeText "redis.conf" ''
      port ${toString server.port}
      ${if server.bind == null then "" else "bind ${server.bind}"}
      dir /var/lib/${serviceOf name}
      daemonize no
      supervised systemd
      ${concatStringsSep "\n" (map (key: "${key} ${server.settings.${key}}") (attrNames server.settings))}
    '';
  service = name: server: {
    description = "Redis Server - ${serviceOf name}";
    wantedBy = [ "multi-user.target" ];
    after = [ "network.target" ];
    serviceConfig = {
      Type = "notify";
      ExecStart = "${pkgs.redis}/bin/redis-server ${configuration name server}";
      StateDirectory = serviceOf name;
      Restart = "on-failure";
    };
  };
in
{
  options.services.redis.servers = mkOption {
    type = types.attrsOf (
      types.submodule {
        enable = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the server runs.";
        };
        port = mkOption {
          type = types.port;
          default = 6379;
          description = "TCP port it listens on.";
        };
        bind = mkOption {
          type = types.nullOr types.str;
          default = "127.0.0.1";
          description = "Address it listens on; null is all.";
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
      }
    );
    default = { };
    description = "Redis servers by name.";
  };

  config = mkIf (running != [ ]) {
    networking.firewall.allowedTCPPorts = map (name: servers.${name}.port) (
      filter (name: servers.${name}.openFirewall) running
    );
    systemd.services = listToAttrs (
      map (name: {
        name = serviceOf name;
        value = service name servers.${name};
      }) running
    );
  };
}
