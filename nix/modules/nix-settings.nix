# Nix on the machines: where substitutes come from and in what order, garbage collection, and pinned inputs.
{
  config,
  lib,
  ...
}:
let
  cfg = config.nixosFleet.nixSettings;
  inherit (lib) mkOption types;
  keyed = lib.filter (cache: cache.publicKeys != [ ]) cfg.substituters;
in
{
  options.nixosFleet.nixSettings = {
    enable = lib.mkEnableOption "Nix settings for machines that are deployed to";
    substituters = mkOption {
      default = [ ];
      description = ''
        Binary caches, the first asked first: each is given a priority by its place, which counts more than what the cache
        says of itself. cache.nixos.org comes last, unless officialCache is false.
      '';
      type = types.listOf (
        types.submodule {
          options = {
            url = mkOption {
              type = types.str;
              example = "https://cache.example.org";
              description = "The cache's address.";
            };
            publicKeys = mkOption {
              type = types.listOf (types.strMatching "[^: ]+:[A-Za-z0-9+/]{43}=");
              default = [ ];
              description = "Keys that it signs with. When a key is replaced, name the old and the new one first.";
            };
            pullThrough = mkOption {
              type = types.bool;
              default = false;
              description = "It passes on what other caches signed (nixosFleet.pullThroughCache), whose keys are trusted already, and needs none.";
            };
          };
        }
      );
    };
    officialCache = mkOption {
      type = types.bool;
      default = true;
      description = "Ask cache.nixos.org too, after all others.";
    };
    requireKeys = mkOption {
      type = types.bool;
      default = true;
      description = "Refuse a substituter without a public key: nothing that it serves would be accepted.";
    };
    connectTimeoutSeconds = mkOption {
      type = types.ints.positive;
      default = 5;
      description = "Seconds after which a cache that does not answer is passed over.";
    };
    fleetCaches = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Ask the caches that the stack declares too, and trust their keys: it writes them to
        /var/lib/nixos-fleet/nix-caches.conf on the machine, so that a key is replaced without a new system.
      '';
    };
    fleetBuilders = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Build with the builders that the stack declares for this machine (`builders` of a host) too: it writes them to
        /var/lib/nixos-fleet/nix-builders.conf. One that is down is given up within seconds, and its work done here.
      '';
    };
    trustedUsers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Users beside root who may bring paths without a signature. They could become root by it.";
    };
    gc = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Collect garbage by a timer. What deployments recorded, and what runs, has a root and stays.";
      };
      dates = mkOption {
        type = types.str;
        default = "weekly";
        description = "When: a calendar event of systemd.time(7).";
      };
      keepDays = mkOption {
        type = types.ints.positive;
        default = 30;
        description = "Days for which old generations are kept.";
      };
      minFreeGiB = mkOption {
        type = types.ints.unsigned;
        default = 1;
        description = "Free space under which a build collects garbage by itself; 0: never.";
      };
      maxFreeGiB = mkOption {
        type = types.ints.unsigned;
        default = 4 * cfg.gc.minFreeGiB;
        defaultText = lib.literalExpression "4 * minFreeGiB";
        description = "Free space at which it stops then. On a cache or a builder, what is wanted again stays as long as there is room.";
      };
      keepBuildInputs = mkOption {
        type = types.bool;
        default = false;
        description = "Keep compilers and sources of what has a root, so that a builder does not fetch them again. Takes several times the room.";
      };
    };
    pins = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = lib.literalExpression "{ tools = inputs.tools; }";
      description = ''
        Flake inputs by name, pinned as `nix run NAME#…` (registry) and `<NAME>` (nixPath) to what the flake's lock says.
        nixpkgs itself is pinned by NixOS, where lib.nixosSystem makes the system.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = config.nix.enable;
        message = "nixosFleet.nixSettings.enable = true needs nix.enable = true, and it is false.";
      }
      {
        assertion = cfg.officialCache || cfg.substituters != [ ];
        message = "nixosFleet.nixSettings.officialCache = false and .substituters = [ ]: the machine would build everything. Name a substituter.";
      }
      {
        assertion = cfg.gc.minFreeGiB == 0 || cfg.gc.maxFreeGiB > cfg.gc.minFreeGiB;
        message = "nixosFleet.nixSettings.gc.maxFreeGiB = ${toString cfg.gc.maxFreeGiB} is not above minFreeGiB = ${toString cfg.gc.minFreeGiB}: nothing would be freed. Raise it.";
      }
    ]
    ++ lib.imap0 (index: cache: {
      assertion =
        !cfg.requireKeys
        || cache.publicKeys != [ ]
        || cache.pullThrough
        || lib.hasInfix "trusted=1" cache.url;
      message = "nixosFleet.nixSettings.substituters.${toString index}.url = \"${cache.url}\" has no publicKeys: nothing it serves would be accepted. Add its key, or set requireKeys = false.";
    }) cfg.substituters;

    nix = {
      channel.enable = lib.mkDefault false;
      # Last in nix.conf, for what it adds would be lost to a later setting.
      extraOptions = lib.mkAfter (
        lib.optionalString cfg.fleetCaches ''
          !include /var/lib/nixos-fleet/nix-caches.conf
        ''
        + lib.optionalString cfg.fleetBuilders ''
          !include /var/lib/nixos-fleet/nix-builders.conf
        ''
      );
      # Of the daemon and of root's own sessions: Nix itself sets no limit for an ssh that is on its way to a builder.
      envVars = lib.mkIf cfg.fleetBuilders {
        NIX_SSHOPTS = lib.mkDefault "-o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3";
      };
      settings = {
        experimental-features = [
          "nix-command"
          "flakes"
        ];
        # The order is what `priority` says: the lowest first, and cache.nixos.org has 40.
        substituters = lib.mkForce (
          lib.imap1 (
            index: cache:
            cache.url + (if lib.hasInfix "?" cache.url then "&" else "?") + "priority=${toString index}"
          ) cfg.substituters
          ++ lib.optional cfg.officialCache "https://cache.nixos.org/?priority=${
            toString (40 + builtins.length cfg.substituters)
          }"
        );
        trusted-public-keys = lib.concatMap (cache: cache.publicKeys) keyed;
        trusted-users = cfg.trustedUsers;
        # A cache that is away never stops a deployment.
        connect-timeout = cfg.connectTimeoutSeconds;
        stalled-download-timeout = lib.mkDefault 10;
        download-attempts = lib.mkDefault 2;
        fallback = true;
        auto-optimise-store = lib.mkDefault true;
      }
      // lib.optionalAttrs (cfg.gc.enable && cfg.gc.minFreeGiB > 0) {
        min-free = cfg.gc.minFreeGiB * 1024 * 1024 * 1024;
        max-free = cfg.gc.maxFreeGiB * 1024 * 1024 * 1024;
      }
      // lib.optionalAttrs cfg.gc.keepBuildInputs {
        keep-outputs = true;
        keep-derivations = true;
      };
      gc = lib.mkIf cfg.gc.enable {
        automatic = true;
        inherit (cfg.gc) dates;
        options = "--delete-older-than ${toString cfg.gc.keepDays}d";
        randomizedDelaySec = lib.mkDefault "45min";
      };
      registry = lib.mapAttrs (_: path: {
        to = {
          type = "path";
          path = "${path}";
        };
      }) cfg.pins;
      nixPath = lib.mapAttrsToList (name: _: "${name}=flake:${name}") cfg.pins;
    };
  };
}
