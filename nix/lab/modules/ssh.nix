# The machine's sshd is Debian's; a system decides whether it runs and where it listens.
{ config, lib, ... }:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.openssh;
  listen = builtins.concatStringsSep "" (map (port: "Port ${toString port}\n") cfg.ports);
in
{
  options.services.openssh = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether sshd runs.";
    };
    ports = mkOption {
      type = types.listOf types.port;
      default = [ 22 ];
      description = "TCP ports it listens on.";
    };
    openFirewall = mkOption {
      type = types.bool;
      default = true;
      description = "Whether its ports are open.";
    };
  };

  config = {
    networking.firewall.allowedTCPPorts = mkIf (cfg.enable && cfg.openFirewall) cfg.ports;
    environment.etc."ssh/sshd_config.d/50-ports.conf" = mkIf cfg.enable { text = listen; };
    # Debian's unit stays as it is: a drop-in makes a change of the ports a change of the unit. A disabled unit is masked.
    systemd.units."ssh.service" =
      if cfg.enable then
        {
          text = "[Unit]\nX-Restart-Triggers=${builtins.hashString "sha256" listen}\n";
          overrideStrategy = "asDropin";
        }
      else
        { enable = false; };
  };
}
