# Shared by the flake's outputs; exported as its `lib` output.
inputs@{ self, nixpkgs, ... }:
let
  inherit (nixpkgs) lib;
in
{
  inherit inputs lib;
  kconfig = import ./kconfig.nix lib;
  hardwareModules = import ./hardware.nix lib;

  # An output for every system that machines or operators run on.
  forSystems =
    output:
    lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system: output nixpkgs.legacyPackages.${system});

  # A machine of this flake: the nixosFleet modules, the operators' keys, and its own modules.
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
          # Stronger than the clouds' image modules, whose default is no host name.
          networking.hostName = lib.mkOverride 900 name;
          nixpkgs.hostPlatform = lib.mkDefault system;
          system.configurationRevision = self.rev or self.dirtyRev or null;
        }
      ]
      ++ modules;
    };
}
