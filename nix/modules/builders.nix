# Remote builders of several architectures, and emulation of systems that have none.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.builders;
  inherit (lib) mkOption types;
  own = pkgs.stdenv.hostPlatform.system;
  native = lib.concatMap (machine: machine.systems) (lib.attrValues cfg.machines);
in
{
  options.nixosFleet.builders = {
    enable = lib.mkEnableOption "remote builders and emulated systems";
    machines = mkOption {
      default = { };
      description = "Builders by host name.";
      type = types.attrsOf (
        types.submodule {
          options = {
            systems = mkOption {
              type = types.listOf types.str;
              example = [ "aarch64-linux" ];
              description = "Systems that it builds for natively.";
            };
            user = mkOption {
              type = types.str;
              default = "nix-ssh";
              description = "User to log in as; a trusted user of its Nix.";
            };
            sshKey = mkOption {
              type = types.str;
              example = "/var/lib/secrets/builder.key";
              description = "Path of the private ssh key on this machine, readable by root.";
            };
            publicHostKey = mkOption {
              type = types.str;
              default = "";
              description = "The builder's host key, in base64 (`base64 -w0 /etc/ssh/ssh_host_ed25519_key.pub`). It is always checked.";
            };
            maxJobs = mkOption {
              type = types.ints.positive;
              default = 4;
              description = "Number of concurrent builds.";
            };
            speedFactor = mkOption {
              type = types.ints.positive;
              default = 1;
              description = "Relative speed: of several suitable builders, Nix prefers the fastest.";
            };
            mandatoryFeatures = mkOption {
              type = types.listOf types.str;
              default = [ ];
              example = [ "kvm" ];
              description = "Features that a build must all require to be built there.";
            };
            supportedFeatures = mkOption {
              type = types.listOf types.str;
              default = [
                "big-parallel"
                "kvm"
                "nixos-test"
                "benchmark"
              ];
              description = "Features that builds may require.";
            };
          };
        }
      );
    };
    emulatedSystems = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "riscv64-linux" ];
      description = "Systems that QEMU emulates here, by binfmt. About ten times slower than a builder: for systems without one.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !lib.elem own cfg.emulatedSystems;
        message = "nixosFleet.builders.emulatedSystems holds \"${own}\", which this machine is. Remove it.";
      }
      {
        assertion = lib.intersectLists native cfg.emulatedSystems == [ ];
        message = "nixosFleet.builders.emulatedSystems holds \"${lib.concatStringsSep "\", \"" (lib.intersectLists native cfg.emulatedSystems)}\", which a builder has natively, and Nix would build it here, slowly. Remove it.";
      }
    ]
    ++ lib.concatLists (
      lib.mapAttrsToList (name: machine: [
        {
          assertion = machine.systems != [ ];
          message = "nixosFleet.builders.machines.${name}.systems = [ ]: it would build nothing. Name its systems.";
        }
        {
          assertion = machine.publicHostKey != "";
          message = "nixosFleet.builders.machines.${name}.publicHostKey = \"\": the builder could be anybody. Give its host key.";
        }
        {
          assertion = !lib.hasPrefix builtins.storeDir machine.sshKey;
          message = "nixosFleet.builders.machines.${name}.sshKey = \"${machine.sshKey}\" is in the Nix store, which everyone can read. Keep the key elsewhere on the machine.";
        }
      ]) cfg.machines
    );
    nix = {
      distributedBuilds = cfg.machines != { };
      # Builders fetch dependencies themselves, not through this machine.
      settings.builders-use-substitutes = true;
      buildMachines = lib.mapAttrsToList (hostName: machine: {
        inherit hostName;
        inherit (machine)
          systems
          sshKey
          publicHostKey
          maxJobs
          speedFactor
          supportedFeatures
          mandatoryFeatures
          ;
        sshUser = machine.user;
        protocol = "ssh-ng";
      }) cfg.machines;
    };
    # For its own system, NixOS fails first with a less helpful message.
    boot.binfmt.emulatedSystems = lib.remove own cfg.emulatedSystems;
  };
}
