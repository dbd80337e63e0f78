# A pull-through binary cache for a LAN (ncps): it fetches requested paths from other caches and keeps them.
{
  config,
  lib,
  ...
}:
let
  cfg = config.nixosFleet.pullThroughCache;
  inherit (lib) mkOption types;
  official = {
    url = "https://cache.nixos.org";
    publicKeys = [ "cache.nixos.org-1:6NCHDdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=" ];
  };
  upstreams = cfg.upstreams ++ lib.optional cfg.officialCache official;
  # ncps verifies an upstream only with keys that are named <its host>-<number>.
  hostOf = url: lib.head (builtins.match "[a-z]+://([^/?]+).*" url);
  checked = cache: lib.any (lib.hasPrefix "${hostOf cache.url}-") cache.publicKeys;
  storage = "/var/lib/ncps";
in
{
  options.nixosFleet.pullThroughCache = {
    enable = lib.mkEnableOption "a pull-through binary cache, which fetches requested paths from other caches and keeps them";
    upstreams = mkOption {
      default = [ ];
      description = "Caches that it fetches from, ordered by the priority that each reports.";
      type = types.listOf (
        types.submodule {
          options = {
            url = mkOption {
              type = types.strMatching "https?://[^/?]+(/.*)?";
              example = "https://cache.example.org";
              description = "The cache's address.";
            };
            publicKeys = mkOption {
              type = types.listOf (types.strMatching "[^: ]+:[A-Za-z0-9+/]{43}=");
              default = [ ];
              description = "Its public keys.";
            };
          };
        }
      );
    };
    officialCache = mkOption {
      type = types.bool;
      default = true;
      description = "Fetch from cache.nixos.org too.";
    };
    port = mkOption {
      type = types.port;
      default = 8501;
      description = "Its port, plain HTTP; paths are signed.";
    };
    openFirewall = mkOption {
      type = types.bool;
      default = false;
      description = "Open the port.";
    };
    signKeyFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/var/lib/secrets/cache.key";
      description = ''
        A secret key on the machine, with which it adds its own signature. Without one it passes the upstreams' signatures on, and
        machines that trust the upstreams' keys accept only paths that an upstream signed.
      '';
    };
    maxSize = mkOption {
      type = types.strMatching "[0-9]+[KMGT]";
      default = "100G";
      description = "Maximum size; the least recently requested paths are removed first.";
    };
    cleanUp = mkOption {
      type = types.str;
      default = "0 4 * * *";
      description = "When it is reduced to maxSize: five fields of cron.";
    };
    connectTimeoutSeconds = mkOption {
      type = types.ints.positive;
      default = 3;
      description = "Seconds after which an upstream that does not answer is skipped.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = upstreams != [ ];
        message = "nixosFleet.pullThroughCache.officialCache = false and .upstreams = [ ]: it would have nothing. Name an upstream.";
      }
      {
        assertion = cfg.signKeyFile == null || !lib.hasPrefix builtins.storeDir cfg.signKeyFile;
        message = "nixosFleet.pullThroughCache.signKeyFile = \"${toString cfg.signKeyFile}\" is in the Nix store, which everyone can read. Keep the key elsewhere on the machine.";
      }
      {
        assertion =
          !(config.nixosFleet.binaryCache.enable or false)
          || config.nixosFleet.binaryCache.port != cfg.port;
        message = "nixosFleet.pullThroughCache.port and nixosFleet.binaryCache.port are both ${toString cfg.port}. Give them two.";
      }
    ]
    ++ lib.imap0 (index: cache: {
      assertion = cfg.signKeyFile == null || checked cache;
      message = "nixosFleet.pullThroughCache.upstreams.${toString index}.url = \"${cache.url}\" has no key named ${hostOf cache.url}-…, so ncps would sign what it did not check. Leave signKeyFile out, or name such a key.";
    }) cfg.upstreams;

    services.ncps = {
      enable = true;
      server.addr = ":${toString cfg.port}";
      analytics.reporting.enable = lib.mkDefault false;
      cache = {
        hostName = lib.mkDefault config.networking.fqdnOrHostName;
        storage.local = storage;
        # On disk, not in /tmp, which may be in memory: it is as large as the largest path.
        tempPath = "${storage}/temp";
        inherit (cfg) maxSize;
        lru.schedule = cfg.cleanUp;
        signNarinfo = cfg.signKeyFile != null;
        secretKeyPath = cfg.signKeyFile;
        upstream = {
          urls = map (cache: cache.url) upstreams;
          publicKeys = lib.concatMap (cache: cache.publicKeys) upstreams;
          dialerTimeout = "${toString cfg.connectTimeoutSeconds}s";
          responseHeaderTimeout = "${toString (2 * cfg.connectTimeoutSeconds)}s";
        };
      };
    };
    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall [ cfg.port ];
  };
}
