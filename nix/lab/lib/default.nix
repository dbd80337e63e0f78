# Systems for lab machines: a small evaluator of NixOS-like modules, packages from the Debian archive, and no nixpkgs.
rec {
  # Has the shape of nixpkgs.lib.nixosSystem's result, as far as it applies.
  labSystem =
    {
      name,
      modules ? [ ],
      index,
      # What the set-up brought for systems that boot: a folder with an index of its own.
      imageDebian,
      # Those that are built from source, by what the set-up brought for them.
      kernels,
    }:
    let
      build = import ./build.nix { inherit index; };
      boot = import ./boot.nix { debian = imageDebian; };
      pkgs =
        (import ./packages.nix { inherit index build; }).programs
        // boot.kernels
        // build.writers
        // {
          inherit (kernels) buildLinux;
          linux_tiny = kernels.tiny;
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
        arguments = {
          inherit pkgs build boot;
          # The same system with one module more, which has no specialisations of its own.
          extend =
            module:
            labSystem {
              inherit
                name
                index
                imageDebian
                kernels
                ;
              modules = modules ++ [
                ({ lib, ... }: { specialisation = lib.mkForce { }; })
                module
              ];
            };
        };
      };
    in
    {
      inherit pkgs;
      inherit (evaluated) config options;
    };
}
