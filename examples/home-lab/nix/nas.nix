{
  networking.hostName = "nas";
  services.samba = {
    enable = true;
    openFirewall = true;
    settings.photos = {
      path = "/srv/photos";
      "read only" = "no";
    };
  };
}
