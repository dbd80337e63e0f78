# Kernels for lab machines, built from Debian's source with Debian's compiler.
{ index }:
let
  build = import ../lib/build.nix { inherit index; };
  toolchain = import ./toolchain.nix { inherit index build; };
  # Debian's own bash and tools: busybox prefers its applets to what PATH has, and they know less.
  runCommand =
    name: environment: script:
    build.runCommand name (
      {
        builder = "${toolchain}/bin/bash";
        args = [
          "-eu"
          (builtins.toFile "builder.sh" script)
        ];
        PATH = "${toolchain}/bin";
        inherit toolchain;
      }
      // environment
    ) "";
  source = import ./source.nix { inherit index build runCommand; };
  kernel = import ./kernel.nix { inherit runCommand toolchain source; };
in
{
  inherit toolchain source;
  # A function of { config, structuredExtraConfig, kernelPatches, ccacheDirectory }.
  buildLinux = kernel;
  tiny = kernel { };
}
