# Lab machines for bench/deploy.ts, which writes machines.json ({ text, machines = [ { name, address, port } ], identityFile })
# and deploy-rs's program `activate`.
{
  # The benchmark gives both: --override-input.
  inputs.lab.url = "path:../../nix/lab";
  inputs.debian.url = "path:../../nix/lab/no-packages";
  inputs.debian.flake = false;
  inputs.lab.inputs.debian.follows = "debian";

  outputs =
    { self, lab, ... }:
    let
      inherit (builtins.fromJSON (builtins.readFile ./machines.json))
        identityFile
        machines
        text
        ;
      each =
        make:
        builtins.listToAttrs (
          map (machine: {
            inherit (machine) name;
            value = make machine;
          }) machines
        );
      # What deploy-rs's own function `activate.nixos` makes, without nixpkgs.
      profile =
        { config, pkgs, ... }:
        let
          inherit (config.system.build) toplevel;
        in
        derivation {
          name = "activatable-${toplevel.name}";
          inherit (pkgs.stdenv.hostPlatform) system;
          builder = "${pkgs.busybox}/bin/busybox";
          args = [
            "sh"
            "-eu"
            ./profile.sh
          ];
          PATH = "${pkgs.busybox}/bin";
          inherit toplevel;
          activate = ./activate;
        };
    in
    {
      nixosConfigurations = each (
        { name, ... }:
        lab.lib.labSystem {
          inherit name;
          modules = [
            (import "${lab}/hosts/web.nix")
            {
              environment.etc.bench.text = text;
              # One unit is restarted.
              systemd.services.heartbeat.environment.BENCH = text;
            }
          ];
        }
      );

      deploy = {
        sshUser = "root";
        user = "root";
        sshOpts = [
          "-i"
          identityFile
          "-o"
          "StrictHostKeyChecking=no"
          "-o"
          "UserKnownHostsFile=/dev/null"
        ];
        nodes = each (
          {
            name,
            address,
            port,
          }:
          {
            hostname = address;
            sshOpts = [
              "-p"
              port
            ];
            profiles.system.path = profile self.nixosConfigurations.${name};
          }
        );
      };
    };
}
