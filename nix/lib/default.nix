# What the flake's outputs share. Its attributes are the flake's `lib` output.
inputs@{ self, nixpkgs, ... }:
let
  inherit (nixpkgs) lib;
in
{
  inherit inputs lib;
  kconfig = import ./kconfig.nix lib;
  hardwareModules = import ./hardware.nix lib;

  # An output for every system that machines, or their operator, run on.
  forSystems =
    output:
    lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system: output nixpkgs.legacyPackages.${system});

  # A machine of this flake: nixosFleet's options, the operators' keys, and its own modules.
  nixosSystem =
    {
      name,
      system ? "x86_64-linux",
      modules,
    }:
    lib.nixosSystem {
      modules = [
        self.nixosModules.default
        (import ./operators.nix inputs.operator)
        {
          # Before the clouds' image modules, whose default is to have no name.
          networking.hostName = lib.mkOverride 900 name;
          nixpkgs.hostPlatform = lib.mkDefault system;
          system.configurationRevision = self.rev or self.dirtyRev or null;
        }
      ]
      ++ modules;
    };
}
