# The lab's way in: passes requests on to web. Machines of a lab know each other by name.
{ pkgs, ... }:
{
  services.nginx = {
    enable = true;
    virtualHosts.edge.locations."/".proxyPass = "http://web";
  };

  services.heartbeat = {
    enable = true;
    message = "edge is alive";
  };

  environment.systemPackages = [ pkgs.curl ];

  networking.firewall.allowedTCPPorts = [ 80 ];

  boot.kernelParams = [ "quiet" ];

  system.stateVersion = "26.05";
}
