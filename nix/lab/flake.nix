{
  description = "The lab's machines: NixOS, or Debian's packages behind NixOS's activation interface, built by plain Nix";

  # Which Debian packages there are is known after the set-up only, which gives its own folder:
  #   nix build ./nix/lab#nixosConfigurations.web.config.system.build.toplevel --override-input debian path:FOLDER
  inputs.debian = {
    url = "path:./no-packages";
    flake = false;
  };
  # The same for systems that boot, and for disk images of them.
  inputs.image-debian = {
    url = "path:./no-packages";
    flake = false;
  };
  # The same for kernels that are built from source.
  inputs.kernel-debian = {
    url = "path:./no-packages";
    flake = false;
  };
  # With ./nixos the containers are NixOS; its nixpkgs is fetched by nothing else: --override-input nixos path:…/nixos
  inputs.nixos.url = "path:./no-nixos";

  outputs =
    {
      self,
      debian,
      image-debian,
      kernel-debian,
      nixos,
    }:
    let
      lib = import ./lib;
      indexOf =
        folder: otherwise:
        let
          read = builtins.fromJSON (builtins.readFile "${folder}/index.json");
        in
        if read.packages != { } then read else throw otherwise;
      index = indexOf debian "the lab's Debian packages are not given: run `setup/with setup/lab-base`, and pass the folder it prints: --override-input debian path:FOLDER/packages";
      hosts = builtins.filter (file: builtins.match ".*\\.nix" file != null) (
        builtins.attrNames (builtins.readDir ./hosts)
      );
      hostName = builtins.replaceStrings [ ".nix" ] [ "" ];

      # Machines that boot a kernel of their own are imitated in any case.
      labSystem =
        arguments:
        let
          real = nixos.lib.labSystem {
            inherit (arguments) name;
            inherit (index) system;
            modules = [
              ./modules/heartbeat.nix
              # NixOS's is another one, of Elastic.
              { disabledModules = [ "services/logging/heartbeat.nix" ]; }
            ]
            ++ arguments.modules or [ ];
          };
        in
        if nixos ? lib && real.config.boot.isContainer then real else self.lib.labSystem arguments;
    in
    {
      lib = lib // {
        # Imitated systems of hosts kept elsewhere: labSystem { name = "web"; modules = [ ./web.nix ]; }
        labSystem =
          arguments:
          lib.labSystem (
            arguments
            // {
              inherit index;
              imageDebian = image-debian;
              inherit (self.lib) kernels;
            }
          );

        # Kernels built from Debian's source: kernels.buildLinux { structuredExtraConfig.KVM = "y"; }
        kernels = import ./kernel {
          index = indexOf kernel-debian "what the lab's kernels are built from is not given: run `setup/with setup/lab-kernel`, and pass the folder it prints: --override-input kernel-debian path:FOLDER/packages";
        };
      };

      # Every file in hosts/ is a machine.
      nixosConfigurations = builtins.listToAttrs (
        map (file: {
          name = hostName file;
          value = labSystem {
            name = hostName file;
            modules = [ (./hosts + "/${file}") ];
          };
        }) hosts
      );
    }
    // (if nixos ? lib then { nixos = nixos.lib.describe index.system; } else { });
}
