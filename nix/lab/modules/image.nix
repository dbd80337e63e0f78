# Disk images of a machine that boots: its system is their first generation.
{
  config,
  lib,
  build,
  boot,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (config.system) name;
  inherit (config.virtualisation) diskSize bootSize;
  toplevel = config.system.build.toplevel;

  # What `nix-store --load-db` reads: each path of the closure with its hash, its size and what it refers to.
  registration = derivation {
    name = "registration";
    inherit (build) system;
    builder = "${build.busybox}/bin/busybox";
    args = [
      "sh"
      "-eu"
      ../system/make-registration.sh
      "${build.busybox}/bin"
      "${boot.tools.jq}/bin/jq"
    ];
    __structuredAttrs = true;
    exportReferencesGraph.closure = [ toplevel ];
  };

  raw = build.runCommand "${name}-raw-efi" {
    inherit
      toplevel
      registration
      diskSize
      bootSize
      ;
    inherit (boot) baseRoot characterSets;
    inherit (boot.tools)
      dosfstools
      e2fsprogs
      fdisk
      mtools
      ;
    fileName = "${name}.raw";
    makeRoot = ../system/make-root.sh;
    exportReferencesGraph = [
      "closure"
      toplevel
    ];
  } (builtins.readFile ../system/make-disk.sh);

  qcow2 = build.runCommand "${name}-qemu-efi" {
    inherit raw;
    qemu = boot.tools.qemu-utils;
    from = "${name}.raw";
    to = "${name}.qcow2";
  } ''
    mkdir "$out"
    "$qemu/bin/qemu-img" convert -m 1 -f raw -O qcow2 "$raw/$from" "$out/$to"
  '';

  image =
    format: drv:
    drv
    // {
      pname = "${name}-image";
      version = config.system.nixos.label;
      passthru = {
        # As in NixOS: the image within the output, and the configuration it was made of.
        filePath = "${name}.${format}";
        inherit config;
      };
    };
in
{
  options.virtualisation = {
    diskSize = mkOption {
      type = types.int;
      default = 1024;
      description = "Size of the machine's disk image in MiB; the machine grows to what it is given.";
    };
    bootSize = mkOption {
      type = types.int;
      default = 128;
      description = "Size of the EFI system partition in MiB; a generation with a kernel of its own takes about 12.";
    };
  };
  options.system.build.images = mkOption {
    type = types.attrsOf types.package;
    description = "Disk images by variant: `raw-efi` and `qemu-efi` (qcow2).";
  };

  config.system.build.images =
    if config.boot.isContainer then
      throw "${name} is a container, and has no disk: set boot.isContainer = false"
    else
      {
        raw-efi = image "raw" raw;
        qemu-efi = image "qcow2" qcow2;
      };
}
