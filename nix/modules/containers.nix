# Containers: systemd-nspawn for whole systems, OCI images by podman or docker.
{
  config,
  lib,
  ...
}:
let
  cfg = config.nixosFleet.containers;
  inherit (lib) mkOption types;
  declared = config.virtualisation.oci-containers.containers;
in
{
  options.nixosFleet.containers = {
    nspawn = {
      enable = lib.mkEnableOption "systemd-nspawn containers on a private network of the machine";
      machines = mkOption {
        default = { };
        description = ''
          Containers from a folder below /var/lib/machines, of any distribution, by name. (A container whose system NixOS
          builds is declared in NixOS's own `containers.<name>`, which uses this module's network too.)
        '';
        type = types.attrsOf (
          types.submodule {
            options = {
              autoStart = mkOption {
                type = types.bool;
                default = true;
                description = "Start it with the machine.";
              };
              ports = mkOption {
                type = types.listOf (types.strMatching "((tcp|udp):)?[0-9]+(:[0-9]+)?");
                default = [ ];
                example = [ "tcp:8080:80" ];
                description = "Ports of the machine that are forwarded to the container: [tcp|udp:]HOST[:CONTAINER].";
              };
              bind = mkOption {
                type = types.listOf types.str;
                default = [ ];
                example = [ "/srv/data:/data" ];
                description = "Folders of the machine that are mounted writable in the container: HOST[:CONTAINER].";
              };
              ephemeral = mkOption {
                type = types.bool;
                default = false;
                description = "Discard the container's changes when it stops.";
              };
            };
          }
        );
      };
    };
    oci = {
      enable = lib.mkEnableOption "OCI containers as systemd units (virtualisation.oci-containers)";
      backend = mkOption {
        type = types.enum [
          "podman"
          "docker"
        ];
        default = "podman";
        description = "Container engine. podman needs no daemon.";
      };
      autoPrune = mkOption {
        type = types.bool;
        default = true;
        description = "Remove unused images and containers every week.";
      };
      requirePinned = mkOption {
        type = types.bool;
        default = true;
        description = ''
          Refuse images that are named only by a tag, since tags change. Name images by digest (`name@sha256:…`), or set
          imageFile or imageStream.
        '';
      };
    };
  };

  config = lib.mkMerge [
    (lib.mkIf cfg.nspawn.enable {
      assertions = [
        {
          assertion = config.networking.useNetworkd;
          message = "nixosFleet.containers.nspawn.enable = true needs networking.useNetworkd = true, and it is false: networkd gives the containers their addresses.";
        }
        {
          assertion = !config.boot.isContainer;
          message = "nixosFleet.containers.nspawn.enable = true on a container (boot.isContainer = true): containers in containers are not set up here.";
        }
      ];
      # Nothing else in NixOS installs the template of machines.target.
      boot.enableContainers = lib.mkDefault true;
      systemd.nspawn = lib.mapAttrs (_: machine: {
        execConfig = {
          Boot = true;
          PrivateUsers = "pick";
          Ephemeral = machine.ephemeral;
        };
        filesConfig = lib.mkIf (machine.bind != [ ]) { Bind = machine.bind; };
        networkConfig = {
          VirtualEthernet = true;
        }
        // lib.optionalAttrs (machine.ports != [ ]) { Port = machine.ports; };
      }) cfg.nspawn.machines;
      systemd.targets.machines.wants = map (name: "systemd-nspawn@${name}.service") (
        lib.attrNames (lib.filterAttrs (_: machine: machine.autoStart) cfg.nspawn.machines)
      );
      # Containers get their addresses (DHCP) and DNS from the machine.
      networking.firewall.interfaces."ve-+" = {
        allowedTCPPorts = [ 53 ];
        allowedUDPPorts = [
          53
          67
        ];
      };
    })
    (lib.mkIf cfg.oci.enable {
      assertions = lib.optionals cfg.oci.requirePinned (
        lib.mapAttrsToList (name: container: {
          assertion =
            container.imageFile != null
            || container.imageStream != null
            || lib.hasInfix "@sha256:" container.image;
          message = "virtualisation.oci-containers.containers.${name}.image = \"${container.image}\" names no digest, and nixosFleet.containers.oci.requirePinned = true. Name it as …@sha256:…, or set requirePinned = false.";
        }) declared
      );
      virtualisation = {
        oci-containers.backend = cfg.oci.backend;
      }
      // {
        podman = lib.mkIf (cfg.oci.backend == "podman") {
          enable = true;
          autoPrune.enable = cfg.oci.autoPrune;
          defaultNetwork.settings.dns_enabled = lib.mkDefault true;
        };
        docker = lib.mkIf (cfg.oci.backend == "docker") {
          enable = true;
          autoPrune.enable = cfg.oci.autoPrune;
        };
      };
    })
  ];
}
