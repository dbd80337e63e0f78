# As in NixOS, D-Bus reads its configuration anew with every change of the system's packages.
{ config, ... }:
{
  systemd.units."dbus.service" = {
    text = "[Unit]\nX-Restart-Triggers=${config.system.build.path}\n[Service]\nX-ReloadIfChanged=true\n";
    overrideStrategy = "asDropin";
  };
}
