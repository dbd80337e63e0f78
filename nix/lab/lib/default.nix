# Systems for lab machines: a small evaluator of NixOS-like modules, packages from the Debian archive, and no nixpkgs.
{
  # Has the shape of nixpkgs.lib.nixosSystem's result, as far as it applies.
  labSystem =
    {
      name,
      modules ? [ ],
      index,
    }:
    let
      build = import ./build.nix { inherit index; };
      pkgs =
        import ./packages.nix { inherit index build; }
        // build.writers
        // {
          stdenv.hostPlatform.system = index.system;
        };
      evaluated = import ./modules.nix {
        modules =
          import ../modules
          ++ [
            {
              file = "the flake";
              config.networking.hostName = evaluated.lib.mkDefault name;
            }
          ]
          ++ modules;
        arguments = { inherit pkgs build; };
      };
    in
    {
      inherit pkgs;
      inherit (evaluated) config options;
    };
}
