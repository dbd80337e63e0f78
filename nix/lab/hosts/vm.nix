# A machine with a kernel of its own: its disk image is system.build.images.qemu-efi. Another kernel is one line, such as
# boot.kernelPackages = pkgs.linuxPackages_6_12.
{ pkgs, ... }:
{
  boot.isContainer = false;

  services.heartbeat = {
    enable = true;
    message = "vm is alive";
  };

  environment.systemPackages = [ pkgs.jq ];

  system.stateVersion = "26.05";
}
