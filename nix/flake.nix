{
  description = "NixOS machines, deployed by nixos-fleet";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    # Operators: a folder of <user>.pub files. Empty here; a stack sets its own with overrideInputs.
    operator = {
      url = "path:./no-operator";
      flake = false;
    };
  };

  outputs =
    inputs:
    let
      fleet = import ./lib inputs;
    in
    {
      lib = fleet;
      nixosModules = import ./modules;
      nixosConfigurations = import ./hosts fleet;
      packages = fleet.forSystems (
        pkgs:
        import ./kernels fleet pkgs // import ./images fleet pkgs // import ./lib/machines.nix fleet pkgs
      );
      checks = fleet.forSystems (import ./lib/checks.nix fleet);
      hydraJobs = import ./lib/hydra.nix fleet;
      devShells = fleet.forSystems (pkgs: {
        default = import ./lib/shell.nix pkgs;
      });
      formatter = fleet.forSystems (pkgs: pkgs.nixfmt-tree);
      templates.default = {
        path = ./templates/default;
        description = "A fleet of one machine, on nixos-fleet's modules";
      };
    };
}
