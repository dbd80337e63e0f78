# Typical hardware of such a machine. `hardwareConfig: true` in the stack's config of the host (docs/hardware.md) writes the detected
# hardware beside it; then this file can be deleted.
{ lib, ... }:
{
  boot.initrd.availableKernelModules = [
    "ahci"
    "nvme"
    "sd_mod"
    "usb_storage"
    "usbhid"
    "xhci_pci"
  ];
  boot.kernelModules = [ "kvm-intel" ];
  hardware.cpu.intel.updateMicrocode = lib.mkDefault true;
  hardware.enableRedistributableFirmware = lib.mkDefault true;
}
