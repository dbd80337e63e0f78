# Test cases of each module: `on` must evaluate without a warning, and each of `fails` must fail with a message that contains its
# name. `base` is imported into all of them.
{
  base = {
    boot.loader.systemd-boot.enable = true;
    fileSystems."/" = {
      device = "/dev/disk/by-label/nixos";
      fsType = "ext4";
    };
    networking.useNetworkd = true;
    boot.initrd.systemd.enable = true;
    users.users.root.openssh.authorizedKeys.keys = [
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA example"
    ];
    system.stateVersion = "26.05";
  };

  server = {
    on.nixosFleet.server = {
      enable = true;
      perlless = true;
      persistentEtc.app = "d /var/lib/app 0750 root root -";
    };
    fails = {
      "services.xserver.enable = true" = {
        nixosFleet.server.enable = true;
        services.xserver.enable = true;
      };
      "nixosFleet.server.watchdogSeconds = 3" = {
        nixosFleet.server = {
          enable = true;
          watchdogSeconds = 3;
        };
      };
      "nixosFleet.server.perlless = true needs boot.initrd.systemd.enable" =
        { lib, ... }:
        {
          nixosFleet.server = {
            enable = true;
            perlless = true;
          };
          boot.initrd.systemd.enable = lib.mkForce false;
        };
    };
  };

  updates = {
    on.nixosFleet.updates = {
      enable = true;
      flake = "git+https://git.example.org/fleet?dir=nix";
      healthCheck = "true";
    };
    fails = {
      "nixosFleet.updates.flake = \"\"" = {
        nixosFleet.updates.enable = true;
      };
      "system.autoUpgrade.enable = true" = {
        nixosFleet.updates = {
          enable = true;
          flake = "git+https://git.example.org/fleet";
        };
        system.autoUpgrade.enable = true;
      };
      "nixosFleet.updates.enable = true needs nix.enable" = {
        nixosFleet.updates = {
          enable = true;
          flake = "git+https://git.example.org/fleet";
        };
        nix.enable = false;
      };
    };
  };

  reboot-window = {
    on.nixosFleet.rebootWindow = {
      enable = true;
      from = "23:00";
      to = "04:30";
    };
    fails = {
      "nixosFleet.rebootWindow.from and .to are both" = {
        nixosFleet.rebootWindow = {
          enable = true;
          from = "03:00";
          to = "03:00";
        };
      };
      "nixosFleet.rebootWindow.method = \"kexec\" needs boot.kexec.enable" = {
        nixosFleet.rebootWindow = {
          enable = true;
          method = "kexec";
        };
        boot.kexec.enable = false;
      };
      "which nixosFleet.bootAssessment.enable = true relies on" = {
        nixosFleet.rebootWindow = {
          enable = true;
          method = "kexec";
        };
        nixosFleet.bootAssessment = {
          enable = true;
          requireUnits = [ "multi-user.target" ];
        };
      };
      "nixosFleet.rebootWindow.enable = true on a container" = {
        nixosFleet.rebootWindow.enable = true;
        boot.isContainer = true;
      };
      "system.autoUpgrade.allowReboot = true" = {
        nixosFleet.rebootWindow.enable = true;
        system.autoUpgrade = {
          enable = true;
          allowReboot = true;
        };
      };
    };
  };

  boot-assessment = {
    on = {
      nixosFleet.bootAssessment = {
        enable = true;
        tries = 2;
        checks.files.script = "test -e /etc/os-release";
      };
      services.openssh.enable = true;
    };
    fails = {
      "needs boot.loader.systemd-boot.enable = true" =
        { lib, ... }:
        {
          nixosFleet.bootAssessment = {
            enable = true;
            checks.files.script = "true";
          };
          boot.loader.systemd-boot.enable = lib.mkForce false;
          boot.loader.grub.device = "nodev";
        };
      "every boot would be good" = {
        nixosFleet.bootAssessment = {
          enable = true;
          requireUnits = [ ];
        };
      };
      "nixosFleet.bootAssessment.checks.units" = {
        nixosFleet.bootAssessment = {
          enable = true;
          checks.units.script = "true";
        };
      };
    };
  };

  disk-growth = {
    on.nixosFleet.diskGrowth = {
      enable = true;
      partitions = {
        "10-root".Type = "root";
        "20-data" = {
          Type = "linux-generic";
          Label = "data";
          Format = "ext4";
        };
      };
    };
    fails = {
      "nixosFleet.diskGrowth.method = \"repart\" and boot.growPartition = true" = {
        nixosFleet.diskGrowth.enable = true;
        boot.growPartition = true;
      };
      "nixosFleet.diskGrowth.method = \"growPartition\" and systemd.repart" = {
        nixosFleet.diskGrowth = {
          enable = true;
          method = "growPartition";
        };
        systemd.repart.enable = true;
      };
      "nixosFleet.diskGrowth.method = \"repart\" needs boot.initrd.systemd.enable" =
        { lib, ... }:
        {
          nixosFleet.diskGrowth.enable = true;
          boot.initrd.systemd.enable = lib.mkForce false;
        };
      "nixosFleet.diskGrowth.partitions = { }" =
        { lib, ... }:
        {
          nixosFleet.diskGrowth = {
            enable = true;
            partitions = lib.mkForce { };
          };
        };
      "nixosFleet.diskGrowth.device = \"/dev/vda\"" = {
        nixosFleet.diskGrowth = {
          enable = true;
          method = "growPartition";
          device = "/dev/vda";
        };
      };
    };
  };

  containers = {
    on = {
      nixosFleet.containers = {
        nspawn = {
          enable = true;
          machines.debian.ports = [ "tcp:8080:80" ];
        };
        oci.enable = true;
      };
      virtualisation.oci-containers.containers.web.image =
        "registry.example.org/web@sha256:0000000000000000000000000000000000000000000000000000000000000000";
    };
    fails = {
      "nixosFleet.containers.nspawn.enable = true needs networking.useNetworkd" =
        { lib, ... }:
        {
          nixosFleet.containers.nspawn.enable = true;
          networking.useNetworkd = lib.mkForce false;
        };
      "nixosFleet.containers.nspawn.enable = true on a container" = {
        nixosFleet.containers.nspawn.enable = true;
        boot.isContainer = true;
      };
      "names no digest" = {
        nixosFleet.containers.oci.enable = true;
        virtualisation.oci-containers.containers.web.image = "registry.example.org/web:latest";
      };
    };
  };

  firmware = {
    on.nixosFleet.firmware.enable = true;
    fails = {
      "nixosFleet.firmware.microcode = \"amd\" on aarch64-linux" =
        { lib, ... }:
        {
          nixosFleet.firmware = {
            enable = true;
            microcode = "amd";
          };
          nixpkgs.hostPlatform = lib.mkForce "aarch64-linux";
        };
      "nixosFleet.firmware.enable = true on a container" = {
        nixosFleet.firmware.enable = true;
        boot.isContainer = true;
      };
    };
  };

  cloud = {
    on.nixosFleet.cloud = {
      enable = true;
      network = true;
      attributes = {
        enable = true;
        provider = "hetzner";
      };
    };
    fails = {
      "nixosFleet.cloud.datasources = [ ]" = {
        nixosFleet.cloud = {
          enable = true;
          datasources = [ ];
        };
      };
      "nixosFleet.cloud.growRoot = true" = {
        nixosFleet.cloud = {
          enable = true;
          growRoot = true;
        };
        nixosFleet.diskGrowth.enable = true;
      };
      "nixosFleet.cloud.network = true needs networking.useNetworkd" =
        { lib, ... }:
        {
          nixosFleet.cloud = {
            enable = true;
            network = true;
          };
          networking.useNetworkd = lib.mkForce false;
        };
      "nixosFleet.cloud.attributes.provider = \"\"" = {
        nixosFleet.cloud.attributes.enable = true;
      };
    };
  };

  nix-settings = {
    on.nixosFleet.nixSettings = {
      enable = true;
      substituters = [
        {
          url = "http://cache.example.org:5000";
          publicKeys = [ "cache.example.org-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" ];
        }
        {
          url = "http://proxy.example.org:8501";
          pullThrough = true;
        }
      ];
      pins.fleet = ./.;
      gc = {
        minFreeGiB = 10;
        maxFreeGiB = 40;
        keepBuildInputs = true;
      };
    };
    fails = {
      "nixosFleet.nixSettings.enable = true needs nix.enable" = {
        nixosFleet.nixSettings.enable = true;
        nix.enable = false;
      };
      "the machine would build everything" = {
        nixosFleet.nixSettings = {
          enable = true;
          officialCache = false;
        };
      };
      "nixosFleet.nixSettings.gc.maxFreeGiB = 10 is not above minFreeGiB = 10" = {
        nixosFleet.nixSettings = {
          enable = true;
          gc = {
            minFreeGiB = 10;
            maxFreeGiB = 10;
          };
        };
      };
      "has no publicKeys" = {
        nixosFleet.nixSettings = {
          enable = true;
          substituters = [ { url = "http://cache.example.org"; } ];
        };
      };
    };
  };

  binary-cache = {
    on.nixosFleet.binaryCache = {
      enable = true;
      signKeyFile = "/var/lib/secrets/cache.key";
      openFirewall = true;
      sshStore = {
        enable = true;
        publicKeys = [
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA example"
        ];
      };
    };
    fails = {
      "nixosFleet.binaryCache.signKeyFile = null" = {
        nixosFleet.binaryCache = {
          enable = true;
          signKeyFile = null;
        };
      };
      "is in the Nix store" = {
        nixosFleet.binaryCache = {
          enable = true;
          signKeyFile = "/nix/store/00000000000000000000000000000000-cache.key";
        };
      };
      "nixosFleet.binaryCache.sshStore.publicKeys = [ ]" = {
        nixosFleet.binaryCache.sshStore.enable = true;
      };
    };
  };

  pull-through-cache =
    let
      enabled = settings: {
        nixosFleet.pullThroughCache = {
          enable = true;
        }
        // settings;
      };
    in
    {
      on = enabled {
        upstreams = [
          {
            url = "https://cache.example.org";
            publicKeys = [ "cache.example.org-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" ];
          }
        ];
        signKeyFile = "/var/lib/secrets/cache.key";
        maxSize = "500G";
        openFirewall = true;
      };
      fails = {
        "it would have nothing" = enabled { officialCache = false; };
        "is in the Nix store" = enabled {
          signKeyFile = "/nix/store/00000000000000000000000000000000-cache.key";
        };
        "ncps would sign what it did not check" = enabled {
          upstreams = [
            {
              url = "http://cache.example.org:5000";
              publicKeys = [ "cache.example.org-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" ];
            }
          ];
          signKeyFile = "/var/lib/secrets/cache.key";
        };
        "are both 5000" = {
          nixosFleet = {
            pullThroughCache = {
              enable = true;
              port = 5000;
            };
            binaryCache.enable = true;
          };
        };
      };
    };

  builders =
    let
      machine = {
        systems = [ "aarch64-linux" ];
        sshKey = "/var/lib/secrets/builder.key";
        publicHostKey = "c3NoLWVkMjU1MTkgZXhhbXBsZQ==";
      };
      enabled = settings: {
        nixosFleet.builders = {
          enable = true;
        }
        // settings;
      };
    in
    {
      on = enabled {
        machines."arm.example.org" = machine;
        emulatedSystems = [ "riscv64-linux" ];
      };
      fails = {
        "which this machine is" = enabled { emulatedSystems = [ "x86_64-linux" ]; };
        "which a builder has natively" = enabled {
          machines."arm.example.org" = machine;
          emulatedSystems = [ "aarch64-linux" ];
        };
        "systems = [ ]" = enabled {
          machines."arm.example.org" = machine // {
            systems = [ ];
          };
        };
        "publicHostKey = \"\"" = enabled {
          machines."arm.example.org" = machine // {
            publicHostKey = "";
          };
        };
        "sshKey = \"/nix/store/" = enabled {
          machines."arm.example.org" = machine // {
            sshKey = "/nix/store/00000000000000000000000000000000-key";
          };
        };
      };
    };

  people =
    let
      keys = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA example"
      ];
    in
    {
      on.nixosFleet.people = {
        ada = {
          inherit keys;
          admin = true;
        };
        guest = {
          inherit keys;
          until = "2027-01-31";
        };
      };
      fails = {
        "nixosFleet.people.root: root is nobody's own account" = {
          nixosFleet.people.root = { inherit keys; };
        };
        "nixosFleet.people.ada.keys = [ ]" = {
          nixosFleet.people.ada.keys = [ ];
        };
      };
    };

  agent-sudo = {
    on = {
      nixosFleet.agentSudo.enable = true;
      services.openssh.enable = true;
    };
    fails = {
      "nixosFleet.agentSudo.enable = true needs security.sudo.enable" =
        { lib, ... }:
        {
          nixosFleet.agentSudo.enable = true;
          services.openssh.enable = true;
          security.sudo.enable = lib.mkForce false;
        };
      "nixosFleet.agentSudo.enable = true needs sshd with agent forwarding" = {
        nixosFleet.agentSudo.enable = true;
        services.openssh = {
          enable = true;
          settings.AllowAgentForwarding = false;
        };
      };
      "with security.sudo.wheelNeedsPassword = false" =
        { lib, ... }:
        {
          nixosFleet.agentSudo.enable = true;
          services.openssh.enable = true;
          security.sudo.wheelNeedsPassword = lib.mkForce false;
        };
    };
  };

  install-user =
    let
      keys = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA example"
      ];
    in
    {
      # It changes nothing but images.
      image = "qemu-efi";
      on.nixosFleet.installUser = {
        enable = true;
        inherit keys;
      };
      fails = {
        "nixosFleet.installUser.keys = [ ]" = {
          nixosFleet.installUser.enable = true;
        };
        "nixosFleet.installUser.enable = true needs security.sudo.enable" = {
          nixosFleet.installUser = {
            enable = true;
            inherit keys;
          };
          security.sudo.enable = false;
        };
      };
    };
}
