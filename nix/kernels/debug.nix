# NixOS's configuration with kconfigs/debug.config on top: symbols, gdb scripts and KGDB.
{ pkgs, kconfig, ... }:
pkgs.linux.override {
  structuredExtraConfig = kconfig.structured (kconfig.read ../kconfigs/debug.config);
}
