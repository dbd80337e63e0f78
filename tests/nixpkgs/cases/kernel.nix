let
  small = builtins.toFile "small.config" ''
    CONFIG_MODULES=y
    CONFIG_BINFMT_ELF=y
  '';
in
{
  on = {
    package =
      { pkgs, ... }:
      {
        nixosFleet.kernel.package = pkgs.linux_latest;
      };
    minimal.nixosFleet.kernel.minimal = true;
    config-file.nixosFleet.kernel.configFile = ../../../nix/kconfigs/minimal-vm.config;
    symbols.nixosFleet.kernel.structuredConfig = {
      KGDB = true;
      KVM = "m";
      NR_CPUS = 64;
      SCHED_AUTOGROUP = "n";
    };
    patch.nixosFleet.kernel.patches.nothing = builtins.toFile "nothing.patch" "";
    ccache.nixosFleet.kernel.ccache.enable = true;
    ccache-of-a-minimal-one.nixosFleet.kernel = {
      minimal = true;
      ccache.enable = true;
    };
    absent-module.nixosFleet.kernel.absentModules = [ "virtio_blk" ];
    lacking-but-ignored.nixosFleet.kernel = {
      configFile = small;
      requiredConfig = "ignore";
    };
  };
  failing = {
    symbols-of-a-whole-file = {
      module.nixosFleet.kernel = {
        minimal = true;
        structuredConfig.KVM = "y";
      };
      message = "nixosFleet.kernel.structuredConfig (KVM) has no effect";
    };
    two-files = {
      module.nixosFleet.kernel = {
        minimal = true;
        configFile = ../../../nix/kconfigs/minimal-vm.config;
      };
      message = "both decide the whole configuration";
    };
    forced-elsewhere = {
      module =
        { lib, pkgs, ... }:
        {
          boot.kernelPackages = lib.mkForce pkgs.linuxPackages;
          nixosFleet.kernel.package = pkgs.linux_latest;
        };
      message = "boot.kernelPackages is forced elsewhere";
    };
    lacking = {
      module.nixosFleet.kernel.configFile = small;
      message = "CONFIG_CGROUPS=y";
    };
  };
}
