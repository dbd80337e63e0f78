# The lab's database.
{ pkgs, ... }:
{
  services.redis = {
    enable = true;
    openFirewall = true;
    settings.maxmemory = "64mb";
  };

  services.heartbeat = {
    enable = true;
    message = "db is alive";
  };

  environment.systemPackages = [
    pkgs.htop
    pkgs.redis
  ];

  boot.kernelParams = [ "quiet" ];

  system.stateVersion = "26.05";
}
