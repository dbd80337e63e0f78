# Grows partitions and file systems to the size of the disk, and creates and formats partitions at boot.
{
  config,
  lib,
  ...
}:
let
  cfg = config.nixosFleet.diskGrowth;
  inherit (lib) mkOption types;
  repart = cfg.method == "repart";
  # A label is part of a path below /dev/disk.
  formats = lib.filterAttrs (_: partition: partition ? Format) cfg.partitions;
in
{
  options.nixosFleet.diskGrowth = {
    enable = lib.mkEnableOption "growth of the root partition and its file system at boot";
    method = mkOption {
      type = types.enum [
        "repart"
        "growPartition"
      ];
      default = "repart";
      description = ''
        `repart` (systemd-repart, in the initrd) grows partitions, adds new ones and formats them; GPT only.
        `growPartition` (growpart, after the root is mounted) grows the root partition only; MBR too.
      '';
    };
    device = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/dev/vda";
      description = "The disk; null: the one with the root file system.";
    };
    partitions = mkOption {
      type = types.attrsOf (
        types.attrsOf (
          types.oneOf [
            types.str
            types.int
            types.bool
            (types.listOf types.str)
          ]
        )
      );
      default = {
        "10-root".Type = "root";
      };
      example = {
        "10-root" = {
          Type = "root";
          SizeMaxBytes = "20G";
        };
        "20-data" = {
          Type = "linux-generic";
          Label = "data";
          Format = "ext4";
        };
      };
      description = ''
        Partitions as in repart.d(5), by file name. Existing ones grow, missing ones are created; a partition with data is never
        formatted or shrunk.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !(repart && config.boot.growPartition);
        message = "nixosFleet.diskGrowth.method = \"repart\" and boot.growPartition = true: both would change the partition table. Set boot.growPartition = false, or the method to \"growPartition\".";
      }
      {
        assertion = repart || !(config.boot.initrd.systemd.repart.enable || config.systemd.repart.enable);
        message = "nixosFleet.diskGrowth.method = \"growPartition\" and systemd.repart is enabled: both would change the partition table. Set the method to \"repart\".";
      }
      {
        assertion = repart -> config.boot.initrd.systemd.enable;
        message = "nixosFleet.diskGrowth.method = \"repart\" needs boot.initrd.systemd.enable = true, and it is false.";
      }
      {
        assertion = repart -> cfg.partitions != { };
        message = "nixosFleet.diskGrowth.partitions = { }: nothing would grow. Define at least one, such as \"10-root\".Type = \"root\".";
      }
      {
        assertion = !repart -> cfg.device == null;
        message = "nixosFleet.diskGrowth.device = \"${toString cfg.device}\" has no effect with method = \"growPartition\", which grows the root's own disk. Remove it.";
      }
    ];

    boot = {
      growPartition = lib.mkIf (!repart) true;
      initrd = lib.mkIf repart {
        systemd.repart = {
          enable = true;
          inherit (cfg) device;
        };
        # Adds the tools that format these file systems.
        supportedFilesystems = lib.mapAttrs' (_: partition: lib.nameValuePair partition.Format true) (
          lib.filterAttrs (_: partition: partition.Format != "swap") formats
        );
      };
    };
    systemd.repart = lib.mkIf repart { inherit (cfg) partitions; };
    fileSystems."/".autoResize = lib.mkDefault true;
  };
}
