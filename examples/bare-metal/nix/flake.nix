{
  description = "A machine that is installed from an image";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { nixpkgs, ... }:
    {
      nixosConfigurations.node = nixpkgs.lib.nixosSystem { modules = [ ./node.nix ]; };
    };
}
