# A machine with a kernel of its own, built from source in some minutes; its disk image is system.build.images.qemu-efi. Change a
# symbol or add one, then: pulumi preview, which shows it, and pulumi up, which boots the new kernel on trial.
{ pkgs, ... }:
let
  kernel = pkgs.linux_tiny.override {
    structuredExtraConfig = {
      # Whether the kernel's messages bear the time.
      PRINTK_TIME = "n";
    };
  };
in
{
  boot.isContainer = false;
  # Or Debian's: pkgs.linuxPackages_6_12
  boot.kernelPackages = pkgs.linuxPackagesFor kernel;
  # No menu: nobody would choose.
  boot.loader.timeout = 0;

  services.heartbeat = {
    enable = true;
    message = "vm is alive";
  };

  environment.systemPackages = [ pkgs.jq ];

  system.stateVersion = "26.05";
}
