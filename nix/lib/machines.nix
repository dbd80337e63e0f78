# Programs that start a machine of this flake in QEMU on the operator's computer, with the ports of nixosFleet.vm:
#   vm-<host>   disposable: shares this computer's Nix store, and deployments to it are lost when it stops
#   run-<host>  the machine itself, from its disk image: deployments last
{ inputs, lib, ... }:
pkgs:
let
  inherit (pkgs.stdenv.hostPlatform) system;
  machines = lib.filterAttrs (
    _: machine: machine.pkgs.stdenv.hostPlatform.system == system
  ) inputs.self.nixosConfigurations;
  isImage = machine: machine.options.image ? efiSupport;

  stateFolder = name: ''
    folder="''${XDG_STATE_HOME:-$HOME/.local/state}/nixos-fleet/machines/${name}"
    mkdir -p "$folder"
  '';

  # For kernels that are built outside Nix: merge these lines into their .config.
  requiredConfig =
    name: machine:
    pkgs.writeText "required-config-${name}" (
      lib.concatLines (
        lib.unique (
          lib.splitString "\n" (lib.trim (builtins.readFile ../kconfigs/vm-devices.config))
          ++ map (item: item.configLine) machine.config.virtualisation.vmVariant.system.requiredKernelConfig
        )
      )
    );

  look =
    name: machine:
    let
      inherit (machine) config;
      variable = lib.replaceStrings [ "-" "." ] [ "_" "_" ] config.system.name;
      image = config.nixosFleet.vm.kernelImage;
    in
    pkgs.writeShellScriptBin "vm-${name}" ''
      set -eu
      ${stateFolder name}
      export NIX_DISK_IMAGE="''${NIX_DISK_IMAGE:-$folder/look.qcow2}"
      ${lib.optionalString (image != null) ''
        if ! [ -r ${lib.escapeShellArg image} ]; then
          echo "vm-${name}: the kernel ${image} (nixosFleet.vm.kernelImage) cannot be read" >&2
          exit 1
        fi
        export NIXPKGS_QEMU_KERNEL_${variable}=${lib.escapeShellArg image}
        # In a kernel's build folder, .config is above arch/<architecture>/boot/.
        configuration="$(dirname ${lib.escapeShellArg image})/../../../.config"
        if [ -r "$configuration" ] && [ -z "''${NIXOS_FLEET_SKIP_KERNEL_CHECK-}" ]; then
          if ! lacking=$(PATH=${lib.makeBinPath [ pkgs.gawk ]}:$PATH ${pkgs.runtimeShell} ${../modules/scripts/check-kernel-config.sh} "$configuration" ${requiredConfig name machine}); then
            echo "vm-${name}: the kernel ${image} cannot boot this machine; its .config:" >&2
            echo "$lacking" >&2
            echo "Merge the lines of ${requiredConfig name machine} into it, or set NIXOS_FLEET_SKIP_KERNEL_CHECK=1." >&2
            exit 1
          fi
        fi
      ''}
      exec ${config.system.build.vm}/bin/run-${config.system.name}-vm "$@"
    '';

  run =
    name: machine:
    let
      inherit (machine.config.nixosFleet) vm;
      inherit (machine.config.system.build) image;
      forwards = lib.concatMapStrings (
        item: ",hostfwd=${item.protocol}:127.0.0.1:${toString item.host}-:${toString item.guest}"
      ) vm.forwardedPorts;
    in
    pkgs.writeShellScriptBin "run-${name}" ''
      set -eu
      ${stateFolder name}
      if ! [ -e "$folder/disk.qcow2" ]; then
        echo "run-${name}: making $folder/disk.qcow2 (remove it to begin anew)" >&2
        ${pkgs.qemu}/bin/qemu-img convert -O qcow2 ${image}/${machine.config.image.fileName} "$folder/new.qcow2"
        ${pkgs.qemu}/bin/qemu-img resize -q "$folder/new.qcow2" ${toString vm.diskMiB}M
        cp --no-preserve=mode ${pkgs.OVMF.variables} "$folder/efi-variables.fd"
        mv "$folder/new.qcow2" "$folder/disk.qcow2"
      fi
      acceleration=tcg
      if [ -w /dev/kvm ]; then acceleration=kvm; fi
      exec ${pkgs.qemu}/bin/qemu-system-${pkgs.stdenv.hostPlatform.qemuArch} \
        -machine ${
          if pkgs.stdenv.hostPlatform.isAarch64 then "virt" else "q35"
        },accel="$acceleration" -cpu max -smp ${toString vm.cores} -m ${toString vm.memoryMiB} \
        -drive if=pflash,format=raw,unit=0,readonly=on,file=${pkgs.OVMF.firmware} \
        -drive if=pflash,format=raw,unit=1,file="$folder/efi-variables.fd" \
        -drive if=virtio,format=qcow2,file="$folder/disk.qcow2" \
        -nic user,model=virtio-net-pci${forwards} \
        ${lib.optionalString (!vm.graphics) "-nographic"} "$@"
    '';

  named = prefix: lib.mapAttrs' (name: lib.nameValuePair "${prefix}-${name}");
in
named "vm" (lib.mapAttrs look machines)
// named "run" (lib.mapAttrs run (lib.filterAttrs (_: isImage) machines))
// named "required-config" (lib.mapAttrs requiredConfig machines)
