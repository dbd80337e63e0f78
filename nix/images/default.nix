# Images as packages of the flake: `nix build .#<host>-qcow2`, `.#<host>-repart`, `.#installer-iso`, `.#installer-sd-card`,
# `.#ram-system`.
{ lib, inputs, ... }@fleet:
pkgs:
let
  inherit (pkgs.stdenv.hostPlatform) system;
  machines = lib.filterAttrs (
    _: machine: machine.pkgs.stdenv.hostPlatform.system == system
  ) inputs.self.nixosConfigurations;
  # A machine that imports images/disk.nix is its own image, and has no other variants.
  isImage = machine: machine.options.image ? efiSupport;
  qcow2 =
    machine:
    if isImage machine then
      machine.config.system.build.image
    else
      machine.config.system.build.images.qemu-efi;
  installer =
    name: module:
    (fleet.nixosSystem {
      inherit name system;
      modules = [ module ];
    }).config.system.build;
in
lib.mapAttrs' (name: machine: lib.nameValuePair "${name}-qcow2" (qcow2 machine)) machines
// lib.mapAttrs' (
  name: machine: lib.nameValuePair "${name}-repart" machine.config.system.build.images.repart
) (lib.filterAttrs (_: machine: !isImage machine) machines)
// {
  installer-iso = (installer "installer" ./installer-iso.nix).isoImage;
  ram-system = (installer "ram-system" ./ram-system.nix).ramSystem;
}
// lib.optionalAttrs (system == "aarch64-linux") {
  installer-sd-card = (installer "installer" ./installer-sd-card.nix).sdImage;
}
