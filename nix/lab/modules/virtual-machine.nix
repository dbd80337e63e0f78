# system.build.vm: the machine's system as a virtual machine of the operator's computer, by a script with the interface of
# NixOS's. QEMU is taken from PATH. A machine that is a container gets a kernel for it.
{
  config,
  lib,
  build,
  extend,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (config.system) name;
  inherit (config.system.build) toplevel images;
  image = "${images.raw-efi}/${images.raw-efi.passthru.filePath}";
  variable = builtins.concatStringsSep "" (
    map (part: if builtins.isString part then part else "_") (builtins.split "[^A-Za-z0-9]" name)
  );
in
{
  options.system.build.vm = mkOption {
    type = types.package;
    description = "A folder with bin/run-<name>-vm, which starts the system in QEMU with a disk of its own.";
  };

  config.system.build.vm =
    if config.boot.isContainer then
      (extend ({ lib, ... }: { boot.isContainer = lib.mkForce false; })).config.system.build.vm
    else
      build.writers.writeScriptBin "run-${name}-vm" ''
        set -eu
        disk=''${NIX_DISK_IMAGE:-$PWD/${name}.qcow2}
        # The store is on the disk and not shared: another system needs another disk.
        if ! [ -e "$disk" ] || [ "$(cat "$disk.image" 2>/dev/null)" != ${image} ]; then
          rm -f "$disk"
          qemu-img create -q -f qcow2 -F raw -b ${image} "$disk"
          printf %s ${image} >"$disk.image"
        fi
        cd "''${TMPDIR:-/tmp}"
        # shellcheck disable=SC2086 # QEMU_OPTS is a list of words, as in NixOS
        exec qemu-system-x86_64 -machine q35,accel=kvm:tcg -cpu max -name ${name} -m 1024 -device virtio-rng-pci \
          -netdev user,id=user.0,"''${QEMU_NET_OPTS:-}" -device virtio-net-pci,netdev=user.0 \
          -drive if=virtio,format=qcow2,file="$disk" -nographic \
          -kernel "''${NIXPKGS_QEMU_KERNEL_${variable}:-${toplevel}/kernel}" -initrd ${toplevel}/initrd \
          -append "init=${toplevel}/init $(cat ${toplevel}/kernel-params) ''${QEMU_KERNEL_PARAMS:-}" ''${QEMU_OPTS:-} "$@"
      ''
      // {
        pname = "run-${name}-vm";
        version = config.system.nixos.label;
      };
}
