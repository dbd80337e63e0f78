{
  description = "A fleet that deploy-rs deploys";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
  inputs.deploy-rs.url = "github:serokell/deploy-rs";
  inputs.deploy-rs.inputs.nixpkgs.follows = "nixpkgs";

  outputs =
    {
      self,
      nixpkgs,
      deploy-rs,
    }:
    let
      machine =
        name:
        nixpkgs.lib.nixosSystem {
          modules = [
            ./machine.nix
            { networking.hostName = name; }
          ];
        };
      node = name: {
        hostname = "${name}.example.org";
        profiles.system.path = deploy-rs.lib.x86_64-linux.activate.nixos self.nixosConfigurations.${name};
      };
    in
    {
      nixosConfigurations = {
        web = machine "web";
        db = machine "db";
      };

      # Needs no change for nixos-fleet.
      deploy = {
        sshUser = "deploy";
        user = "root";
        nodes = {
          web = node "web";
          db = node "db";
        };
      };
    };
}
