# The same for boards that boot from SD cards.
{ modulesPath, ... }:
{
  imports = [
    "${modulesPath}/installer/sd-card/sd-image-aarch64-installer.nix"
    ./installer.nix
  ];
}
