# hydraJobs: the fleet's jobs for a CI server, and `fleet`, which succeeds once all others have. Only for systems with machines: other
# jobs could wait forever for a builder.
{ inputs, lib, ... }@fleet:
let
  machines = inputs.self.nixosConfigurations;
  systemOf = machine: machine.pkgs.stdenv.hostPlatform.system;
  pkgsFor = system: inputs.nixpkgs.legacyPackages.${system};
  systems = lib.unique (map systemOf (lib.attrValues machines));
  jobs = {
    systems = lib.mapAttrs (_: machine: machine.config.system.build.toplevel) machines;
    kernels = lib.mapAttrs (_: machine: machine.config.boot.kernelPackages.kernel) (
      lib.filterAttrs (_: machine: machine.config.boot.kernel.enable or true) machines
    );
    images = lib.genAttrs systems (system: import ../images fleet (pkgsFor system));
  };
in
jobs
// {
  fleet = (pkgsFor (lib.head systems)).releaseTools.aggregate {
    name = "fleet";
    constituents = lib.collect lib.isDerivation jobs;
    meta.description = "All systems, kernels and images of the fleet";
  };
}
