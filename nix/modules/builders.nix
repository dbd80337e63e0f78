# Machines that build for this one, of several architectures; and what this one emulates where there is none.
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
              description = "Systems it builds for by itself.";
            };
            user = mkOption {
              type = types.str;
              default = "nix-ssh";
              description = "Who logs in there; a trusted user of its Nix.";
            };
            sshKey = mkOption {
              type = types.str;
              example = "/var/lib/secrets/builder.key";
              description = "The secret ssh key on this machine, for root to read.";
            };
            publicHostKey = mkOption {
              type = types.str;
              default = "";
              description = "The builder's host key, in base64 (`base64 -w0 /etc/ssh/ssh_host_ed25519_key.pub`). It is always checked.";
            };
            maxJobs = mkOption {
              type = types.ints.positive;
              default = 4;
              description = "Builds it does at once.";
            };
            speedFactor = mkOption {
              type = types.ints.positive;
              default = 1;
              description = "The higher, the sooner it is chosen among equals.";
            };
            mandatoryFeatures = mkOption {
              type = types.listOf types.str;
              default = [ ];
              example = [ "kvm" ];
              description = "Features of which a build must ask for all, else it is not built there.";
            };
            supportedFeatures = mkOption {
              type = types.listOf types.str;
              default = [
                "big-parallel"
                "kvm"
                "nixos-test"
                "benchmark"
              ];
              description = "Features that builds may ask for.";
            };
          };
        }
      );
    };
    emulatedSystems = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "riscv64-linux" ];
      description = "Systems that QEMU runs here, by binfmt. Ten times slower than a builder: for what has none.";
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
      # Builders fetch what they need themselves, and not by way of this machine.
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
    # NixOS stops at its own system without a word of ours.
    boot.binfmt.emulatedSystems = lib.remove own cfg.emulatedSystems;
  };
}
