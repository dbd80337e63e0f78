{
  networking.hostName = "media";
  services.jellyfin = {
    enable = true;
    openFirewall = true;
  };
}
