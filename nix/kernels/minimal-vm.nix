# A small kernel for QEMU machines, of kconfigs/minimal-vm.config alone.
{ pkgs, kconfig, ... }:
let
  symbols = kconfig.read ../kconfigs/minimal-vm.config;
in
pkgs.linuxManualConfig {
  inherit (pkgs.linux) src version modDirVersion;
  configfile = ../kconfigs/minimal-vm.config;
  config = kconfig.manualConfig symbols;
  features.efiBootStub = symbols.EFI_STUB or "n" == "y";
}
