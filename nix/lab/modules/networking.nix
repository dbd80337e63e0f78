{ config, lib, ... }:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.networking;
in
{
  options.networking = {
    hostName = mkOption {
      type = types.str;
      description = "The machine's name; by default the name of its file.";
    };
    useDHCP = mkOption {
      type = types.bool;
      default = !config.boot.isContainer;
      description = "Whether network cards get their addresses by DHCP; a container's is given by who starts it.";
    };
  };

  config = {
    environment.etc.hostname.text = cfg.hostName + "\n";
    environment.etc."systemd/network/99-ethernet-default-dhcp.network" = mkIf cfg.useDHCP {
      text = ''
        [Match]
        Type=ether

        [Network]
        DHCP=yes
      '';
    };
    system.activationScripts.hostname.text = ''
      hostname '${cfg.hostName}'
    '';
  };
}
