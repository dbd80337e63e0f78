# Every folder here is a machine.
fleet:
let
  inherit (fleet) lib;
  folders = lib.filterAttrs (_: type: type == "directory") (builtins.readDir ./.);
in
lib.mapAttrs (
  name: _:
  fleet.nixosSystem {
    inherit name;
    modules = [ ./${name} ];
  }
) folders
