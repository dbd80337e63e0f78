# First boot configured from the cloud's metadata. docs/server.md lists what NixOS supports.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.nixosFleet.cloud;
  inherit (lib) mkOption types;
in
{
  options.nixosFleet.cloud = {
    enable = lib.mkEnableOption "a first boot that is configured from cloud metadata, by cloud-init";
    datasources = mkOption {
      type = types.listOf types.str;
      default = [
        "NoCloud"
        "ConfigDrive"
        "None"
      ];
      example = [
        "Hetzner"
        "None"
      ];
      description = "Data sources of cloud-init, in order. Fewer make the boot faster; the default does not use the network.";
    };
    network = mkOption {
      type = types.bool;
      default = false;
      description = "Let cloud-init write networkd's configuration. Off: NixOS's own (networkd with DHCP works in most clouds).";
    };
    growRoot = mkOption {
      type = types.bool;
      default = false;
      description = "Let cloud-init grow the root partition. nixosFleet.diskGrowth does this without it.";
    };
    attributes = {
      enable = lib.mkEnableOption "afterburn, which writes the metadata to /run/metadata/afterburn for units to read (EnvironmentFile=)";
      provider = mkOption {
        type = types.str;
        default = "";
        example = "hetzner";
        description = "Name of the cloud in afterburn.";
      };
    };
  };

  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      assertions = [
        {
          assertion = cfg.datasources != [ ];
          message = "nixosFleet.cloud.datasources = [ ]: cloud-init would try all it knows, for minutes. Name those of your cloud.";
        }
        {
          assertion = !(cfg.growRoot && config.nixosFleet.diskGrowth.enable);
          message = "nixosFleet.cloud.growRoot = true and nixosFleet.diskGrowth.enable = true: both would change the partition table. Set one of them to false.";
        }
        {
          assertion = !cfg.network || config.networking.useNetworkd;
          message = "nixosFleet.cloud.network = true needs networking.useNetworkd = true, and it is false.";
        }
      ];
      services.cloud-init = {
        enable = true;
        network.enable = cfg.network;
        # Only what NixOS does not manage: keys and the disk. Packages, users and services come from the flake.
        settings = {
          datasource_list = cfg.datasources;
          preserve_hostname = true;
          disable_root = false;
          cloud_init_modules = [
            "seed_random"
          ]
          ++ lib.optionals cfg.growRoot [
            "growpart"
            "resizefs"
          ];
          cloud_config_modules = [ "ssh" ];
          cloud_final_modules = [ "final-message" ];
        };
      };
    })
    (lib.mkIf cfg.attributes.enable {
      assertions = [
        {
          assertion = cfg.attributes.provider != "";
          message = "nixosFleet.cloud.attributes.provider = \"\": name the cloud, such as \"aws\" or \"hetzner\".";
        }
      ];
      systemd.services.nixos-fleet-metadata = {
        description = "Metadata of the cloud, for units to read";
        wantedBy = [ "multi-user.target" ];
        wants = [ "network-online.target" ];
        after = [ "network-online.target" ];
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          RuntimeDirectory = "metadata";
          RuntimeDirectoryPreserve = true;
          ExecStart = "${lib.getExe pkgs.afterburn} --provider=${lib.escapeShellArg cfg.attributes.provider} --attributes=/run/metadata/afterburn";
        };
      };
    })
  ];
}
