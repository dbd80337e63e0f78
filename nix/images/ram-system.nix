# The RAM system: a machine runs it from memory, started by kexec, while its disk is written (docs/disk-installs.md). The initrd may
# contain a folder /nixos-fleet with the machine's ssh host keys and authorized keys, so that the ssh login stays the same.
{
  config,
  modulesPath,
  pkgs,
  ...
}:
{
  imports = [
    "${modulesPath}/installer/netboot/netboot-minimal.nix"
    ./installer.nix
  ];

  boot.initrd.systemd.enable = true;
  boot.initrd.systemd.services.nixos-fleet-identity = {
    description = "Install the machine's ssh host keys and authorized keys";
    wantedBy = [ "initrd.target" ];
    after = [ "initrd-root-fs.target" ];
    before = [
      "initrd-switch-root.target"
      "shutdown.target"
    ];
    conflicts = [ "shutdown.target" ];
    unitConfig = {
      DefaultDependencies = false;
      ConditionPathExists = "/nixos-fleet";
      RequiresMountsFor = "/sysroot";
    };
    serviceConfig.Type = "oneshot";
    script = ''
      mkdir -p /sysroot/etc/ssh
      mkdir -p -m 0700 /sysroot/root /sysroot/root/.ssh
      cp /nixos-fleet/ssh_host_* /sysroot/etc/ssh/
      cp /nixos-fleet/authorized_keys /sysroot/root/.ssh/
    '';
  };

  # Input of diskInstalls.<name>.kexec.
  system.build.ramSystem = pkgs.linkFarm "ram-system" {
    kernel = "${config.system.build.kernel}/${config.system.boot.loader.kernelFile}";
    initrd = "${config.system.build.netbootRamdisk}/initrd";
    kernel-params = pkgs.writeText "kernel-params" "init=${config.system.build.toplevel}/init ${toString config.boot.kernelParams}";
  };
}
