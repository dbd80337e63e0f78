# The lab's database.
{ pkgs, ... }:
{
  services.redis.servers."" = {
    enable = true;
    # For the whole lab, without a password.
    bind = null;
    openFirewall = true;
    settings = {
      maxmemory = "64mb";
      protected-mode = "no";
    };
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
