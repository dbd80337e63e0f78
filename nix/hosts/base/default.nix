# A small virtual machine to try deployments on. Its disk image is its first generation.
{ lib, ... }:
{
  imports = [ ../../images/disk.nix ];

  nixosFleet.vm = {
    cores = lib.mkDefault 2;
    memoryMiB = lib.mkDefault 1024;
    diskMiB = lib.mkDefault 8192;
    forwardedPorts = [
      {
        host = 2222;
        guest = 22;
      }
    ];
  };

  boot = {
    kernelParams = [ "console=ttyS0" ];
    initrd.availableKernelModules = [
      "virtio_pci"
      "virtio_blk"
      "virtio_net"
    ];
  };
  networking.useNetworkd = true;
  documentation.enable = lib.mkDefault false;
  system.stateVersion = "26.05";
}
