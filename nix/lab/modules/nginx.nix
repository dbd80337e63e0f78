{
  config,
  lib,
  pkgs,
  build,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.nginx;

  optional = text: value: if value == null then "" else "${text} ${toString value};";
  location = path: l: ''
    location ${path} {
          ${optional "root" l.root}
          ${optional "return" l.return}
          ${optional "proxy_pass" l.proxyPass}
          ${l.extraConfig}
        }'';
  server = name: host: ''
    server {
        listen ${toString host.port};
        server_name ${name};
        ${builtins.concatStringsSep "\n    " (
          map (path: location path host.locations.${path}) (builtins.attrNames host.locations)
        )}
      }'';

  # nginx opens /etc/mime.types and its log by itself unless told otherwise.
  configuration = build.writers.writeText "nginx.conf" ''
    daemon off;
    pid /run/nginx/nginx.pid;
    error_log stderr;
    events { }
    http {
      include ${pkgs.nginx-common}/etc/nginx/mime.types;
      access_log off;
      client_body_temp_path /run/nginx/body;
      proxy_temp_path /run/nginx/proxy;
      fastcgi_temp_path /run/nginx/fastcgi;
      uwsgi_temp_path /run/nginx/uwsgi;
      scgi_temp_path /run/nginx/scgi;
      ${builtins.concatStringsSep "\n  " (
        map (name: server name cfg.virtualHosts.${name}) (builtins.attrNames cfg.virtualHosts)
      )}
    }
  '';
in
{
  options.services.nginx = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether nginx runs.";
    };
    virtualHosts = mkOption {
      type = types.attrsOf (
        types.submodule {
          port = mkOption {
            type = types.port;
            default = 80;
            description = "TCP port it listens on.";
          };
          locations = mkOption {
            type = types.attrsOf (
              types.submodule {
                root = mkOption {
                  type = types.nullOr types.path;
                  default = null;
                  description = "Folder that is served.";
                };
                return = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  description = "Answer: code and text or URL.";
                };
                proxyPass = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  description = "Server that requests are passed to.";
                };
                extraConfig = mkOption {
                  type = types.lines;
                  default = "";
                  description = "More of nginx's own words.";
                };
              }
            );
            default = { };
            description = "What is served, by path.";
          };
        }
      );
      default = { };
      description = "Servers by name.";
    };
  };

  config = mkIf cfg.enable {
    assertions = map (name: {
      assertion = cfg.virtualHosts.${name}.locations != { };
      message = "services.nginx.virtualHosts.${name} serves nothing: give it a location";
    }) (builtins.attrNames cfg.virtualHosts);

    systemd.services.nginx = {
      description = "Nginx Web Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        Type = "exec";
        ExecStartPre = "${pkgs.nginx}/sbin/nginx -t -q -e stderr -c ${configuration}";
        ExecStart = "${pkgs.nginx}/sbin/nginx -e stderr -c ${configuration}";
        RuntimeDirectory = "nginx";
        Restart = "on-failure";
        RestartSec = "1s";
      };
    };
  };
}
