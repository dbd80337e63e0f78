# Every folder here is a machine. A hardware-configuration.nix or facter.json in it needs no import.
fleet:
let
  inherit (fleet) lib;
  folders = lib.filterAttrs (_: type: type == "directory") (builtins.readDir ./.);
in
lib.mapAttrs (
  name: _:
  fleet.nixosSystem {
    inherit name;
    modules = [ ./${name} ] ++ fleet.hardwareModules ./${name};
  }
) folders
