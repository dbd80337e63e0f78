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
        Binary caches in order: each gets a priority by its position, which overrides the priority that the cache reports.
        cache.nixos.org comes last, unless officialCache is false.
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
              description = "Its public keys. To replace a key, first list both the old and the new one.";
            };
            pullThrough = mkOption {
              type = types.bool;
              default = false;
              description = "It needs no key, since it serves paths signed by other caches that are trusted already (nixosFleet.pullThroughCache).";
            };
          };
        }
      );
    };
    officialCache = mkOption {
      type = types.bool;
      default = true;
      description = "Use cache.nixos.org too, after all others.";
    };
    requireKeys = mkOption {
      type = types.bool;
      default = true;
      description = "Refuse a substituter without a public key: nothing it serves would be accepted.";
    };
    connectTimeoutSeconds = mkOption {
      type = types.ints.positive;
      default = 5;
      description = "Seconds after which a cache that does not answer is skipped.";
    };
    fleetCaches = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Use the caches that the stack declares too, and trust their keys. The stack writes them to
        /var/lib/nixos-fleet/nix-caches.conf on the machine, so that keys can be replaced without a new system.
      '';
    };
    fleetBuilders = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Use the builders that the stack declares for this machine (`builders` of a host) too. The stack writes them to
        /var/lib/nixos-fleet/nix-builders.conf. A builder that is down is skipped within seconds, and the machine builds itself.
      '';
    };
    trustedUsers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Users besides root who may import unsigned paths. This is equivalent to root access.";
    };
    gc = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Collect garbage by a timer. Recorded deployments and the running system have roots and stay.";
      };
      dates = mkOption {
        type = types.str;
        default = "weekly";
        description = "When to collect garbage: a calendar event of systemd.time(7).";
      };
      keepDays = mkOption {
        type = types.ints.positive;
        default = 30;
        description = "Days for which old generations are kept.";
      };
      minFreeGiB = mkOption {
        type = types.ints.unsigned;
        default = 1;
        description = "Free space below which a build collects garbage; 0: never.";
      };
      maxFreeGiB = mkOption {
        type = types.ints.unsigned;
        default = 4 * cfg.gc.minFreeGiB;
        defaultText = lib.literalExpression "4 * minFreeGiB";
        description = "Free space at which that collection stops. On a cache or a builder, paths stay as long as there is space.";
      };
      keepBuildInputs = mkOption {
        type = types.bool;
        default = false;
        description = "Keep build dependencies of everything with a root, so that a builder does not fetch them again. Takes several times the space.";
      };
    };
    pins = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = lib.literalExpression "{ tools = inputs.tools; }";
      description = ''
        Flake inputs by name, pinned to the flake's lock file for `nix run NAME#…` (registry) and `<NAME>` (nixPath).
        lib.nixosSystem pins nixpkgs itself.
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
      # Last in nix.conf: a later setting would override what it adds.
      extraOptions = lib.mkAfter (
        lib.optionalString cfg.fleetCaches ''
          !include /var/lib/nixos-fleet/nix-caches.conf
        ''
        + lib.optionalString cfg.fleetBuilders ''
          !include /var/lib/nixos-fleet/nix-builders.conf
        ''
      );
      # For the daemon and root's sessions: Nix sets no timeout for ssh connections to builders.
      envVars = lib.mkIf cfg.fleetBuilders {
        NIX_SSHOPTS = lib.mkDefault "-o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3";
      };
      settings = {
        experimental-features = [
          "nix-command"
          "flakes"
        ];
        # Nix sorts by `priority`, the lowest first; cache.nixos.org has 40.
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
        # An unreachable cache must not stop a deployment.
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
