{
  description = "My machines";

  inputs = {
    # The folder nix/ of nixos-fleet: a checkout beside this one, or wherever you take it from.
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
