# NixOS's configuration with kconfigs/server.config on top: a preview shows each symbol.
{ pkgs, kconfig, ... }:
pkgs.linux.override {
  structuredExtraConfig = kconfig.structured (kconfig.read ../kconfigs/server.config);
}
