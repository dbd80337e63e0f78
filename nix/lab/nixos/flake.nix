{
  description = "NixOS for the lab's containers";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { nixpkgs, ... }:
    let
      containerOf =
        system: modules:
        nixpkgs.lib.nixosSystem {
          modules = [
            ./container.nix
            { nixpkgs.hostPlatform = nixpkgs.lib.mkDefault system; }
          ]
          ++ modules;
        };
      # What a new machine boots until its own system is deployed to it; its name comes from the lab.
      firstOf = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        system: 
          containerOf system [
            {
              networking.hostName = "";
              system.name = "lab";
            }
          ]
      );
    in
    {
      lib = {
        labSystem =
          {
            name,
            system,
            modules ? [ ],
          }:
          containerOf system (
            [
              {
                networking.hostName = nixpkgs.lib.mkDefault name;
                system.build.labFirst = firstOf.${system}.config.system.build.toplevel;
              }
            ]
            ++ modules
          );

        # Its release, and paths of a binary cache that has its packages.
        describe =
          system:
          let
            first = firstOf.${system};
          in
          {
            inherit (first.config.system.nixos) release;
            paths = map (package: package.outPath) [
              first.config.systemd.package
              first.config.nix.package
            ];
          };
      };
      nixosModules.container = ./container.nix;
    };
}
