# `nix flake check`: every machine of this system, and the format of every file.
fleet: pkgs:
let
  inherit (fleet) lib;
  system = pkgs.stdenv.hostPlatform.system;
  here = lib.filterAttrs (
    _: machine: machine.pkgs.stdenv.hostPlatform.system == system
  ) fleet.inputs.self.nixosConfigurations;
in
lib.mapAttrs' (
  name: machine: lib.nameValuePair "host-${name}" machine.config.system.build.toplevel
) here
// {
  format = pkgs.runCommand "nixfmt-check" { nativeBuildInputs = [ pkgs.nixfmt ]; } ''
    find ${fleet.inputs.self} -name '*.nix' -exec nixfmt --check {} +
    touch "$out"
  '';
}
