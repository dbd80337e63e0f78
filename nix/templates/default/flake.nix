{
  description = "My machines";

  inputs = {
    # The folder nix/ of nixos-fleet: here a checkout beside this one.
    nixos-fleet.url = "path:../nixos-fleet/nix";
    nixpkgs.follows = "nixos-fleet/nixpkgs";
  };

  outputs =
    { nixpkgs, nixos-fleet, ... }:
    {
      nixosConfigurations.machine = nixpkgs.lib.nixosSystem {
        modules = [
          nixos-fleet.nixosModules.default
          ./machine.nix
        ];
      };
    };
}
