{
  description = "Three machines at home";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { nixpkgs, ... }:
    let
      machine =
        file:
        nixpkgs.lib.nixosSystem {
          modules = [
            ./common.nix
            file
          ];
        };
    in
    {
      nixosConfigurations = {
        nas = machine ./nas.nix;
        media = machine ./media.nix;
        dns = machine ./dns.nix;
      };
    };
}
