# Serves the machine's store as a binary cache, over HTTP and over ssh.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.binaryCache;
  inherit (lib) mkOption types;
in
{
  options.nixosFleet.binaryCache = {
    enable = lib.mkEnableOption "a binary cache of this machine's store";
    server = mkOption {
      type = types.enum [
        "harmonia"
        "nix-serve-ng"
      ];
      default = "harmonia";
      description = "What serves it.";
    };
    port = mkOption {
      type = types.port;
      default = 5000;
      description = "Its port, plain HTTP; paths are signed.";
    };
    openFirewall = mkOption {
      type = types.bool;
      default = false;
      description = "Open the port.";
    };
    signKeyFile = mkOption {
      type = types.nullOr types.str;
      default = "/var/lib/nixos-fleet/cache.key";
      example = "/var/lib/secrets/cache.key";
      description = ''
        Path of the secret key on the machine that signs served paths; a cache of the stack with this machine as its `host`
        writes its key there. Never a file of the flake: the store is world-readable.
      '';
    };
    priority = mkOption {
      type = types.ints.positive;
      default = 30;
      description = "Priority that the cache reports: the lowest is used first. cache.nixos.org has 40.";
    };
    sshStore = {
      enable = lib.mkEnableOption "the store over ssh, for the user nix-ssh only and no other command";
      publicKeys = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "ssh keys that may read the store.";
      };
      write = mkOption {
        type = types.bool;
        default = false;
        description = "Let them add paths too. nix-ssh becomes a trusted user: its keys are equivalent to root access.";
      };
    };
  };

  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      assertions = [
        {
          assertion = cfg.signKeyFile != null;
          message = "nixosFleet.binaryCache.signKeyFile = null: clients would refuse what is not signed. Give the path of a key on the machine.";
        }
        {
          assertion = cfg.signKeyFile == null || !lib.hasPrefix builtins.storeDir cfg.signKeyFile;
          message = "nixosFleet.binaryCache.signKeyFile = \"${toString cfg.signKeyFile}\" is in the Nix store, which everyone can read. Keep the key elsewhere on the machine.";
        }
      ];
      services.harmonia.cache = lib.mkIf (cfg.server == "harmonia") {
        enable = true;
        signKeyPaths = lib.optional (cfg.signKeyFile != null) cfg.signKeyFile;
        settings = {
          bind = "[::]:${toString cfg.port}";
          inherit (cfg) priority;
        };
      };
      services.nix-serve = lib.mkIf (cfg.server == "nix-serve-ng") {
        enable = true;
        package = pkgs.nix-serve-ng;
        inherit (cfg) port;
        secretKeyFile = cfg.signKeyFile;
        extraParams = "--priority ${toString cfg.priority}";
      };
      networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall [ cfg.port ];
    })
    (lib.mkIf cfg.sshStore.enable {
      assertions = [
        {
          assertion = cfg.sshStore.publicKeys != [ ];
          message = "nixosFleet.binaryCache.sshStore.publicKeys = [ ]: nobody could read the store. Name at least one ssh key.";
        }
      ];
      nix.sshServe = {
        enable = true;
        protocol = "ssh-ng";
        keys = cfg.sshStore.publicKeys;
        inherit (cfg.sshStore) write;
        trusted = cfg.sshStore.write;
      };
    })
  ];
}
