{ lib, ... }:
{
  networking.hostName = "dev";
  nixpkgs.hostPlatform = "x86_64-linux";

  # The symbols to change. A preview names each, and `pulumi up` compiles.
  boot.kernelPatches = [
    {
      name = "loop";
      patch = null;
      structuredExtraConfig = {
        PRINTK_TIME = lib.kernel.yes;
        GDB_SCRIPTS = lib.kernel.yes;
      };
    }
  ];
  # GDB knows where the kernel is.
  boot.kernelParams = [ "nokaslr" ];

  services.openssh.enable = true;
  # Your public key. Without it you cannot log in.
  users.users.root.openssh.authorizedKeys.keys = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsyK0Vf7MCDs4I8v2w6cGoyTS3Yd+Q0r0uPHvZ4mQ0F you@example.org"
  ];

  boot.loader.systemd-boot.enable = true;
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
    autoResize = true;
  };
  fileSystems."/boot" = {
    device = "/dev/disk/by-label/ESP";
    fsType = "vfat";
  };
  boot.growPartition = true;

  system.stateVersion = "26.05";
}
