{
  description = "A fleet that colmena deploys";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
  inputs.colmena.url = "github:zhaofengli/colmena";
  inputs.colmena.inputs.nixpkgs.follows = "nixpkgs";

  outputs =
    {
      self,
      nixpkgs,
      colmena,
    }:
    {
      colmenaHive = colmena.lib.makeHive {
        meta.nixpkgs = import nixpkgs { system = "x86_64-linux"; };

        web = {
          imports = [ ./machine.nix ];
          networking.hostName = "web";
          deployment = {
            targetHost = "web.example.org";
            targetUser = "deploy";
            tags = [ "eu" ];
          };
        };

        db = {
          imports = [ ./machine.nix ];
          networking.hostName = "db";
          deployment.targetHost = "db.example.org";
        };
      };

      # The one line for nixos-fleet. colmena does not mind.
      nixosConfigurations = self.colmenaHive.nodes;
    };
}
