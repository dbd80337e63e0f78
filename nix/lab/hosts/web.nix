# The lab's web server. Change something, then: pulumi preview --diff, and pulumi up.
{ pkgs, ... }:
{
  services.nginx = {
    enable = true;
    virtualHosts.web.locations."/".root = pkgs.writeTextDir "index.html" ''
      Hello from the fleet.
    '';
  };

  services.heartbeat = {
    enable = true;
    message = "web is alive";
  };

  environment.systemPackages = [
    pkgs.curl
    pkgs.jq
  ];

  networking.firewall.allowedTCPPorts = [ 80 ];

  boot.kernelParams = [ "quiet" ];

  users.users.operator = {
    isNormalUser = true;
    extraGroups = [ "wheel" ];
  };

  system.stateVersion = "26.05";
}
