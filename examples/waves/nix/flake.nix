{
  description = "Six web servers in two places";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { nixpkgs, ... }:
    let
      names = [
        "web1"
        "web2"
        "web3"
        "web4"
        "web5"
        "web6"
      ];
      machine =
        name:
        nixpkgs.lib.nixosSystem {
          modules = [
            ./web.nix
            { networking.hostName = name; }
          ];
        };
    in
    {
      nixosConfigurations = nixpkgs.lib.genAttrs names machine;
    };
}
