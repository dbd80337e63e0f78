# A small kernel for QEMU machines, configured only by kconfigs/minimal-vm.config.
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
