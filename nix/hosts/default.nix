# Every folder here is a machine. A hardware-configuration.nix or facter.json in it needs no import; these and the other files named
# below are of the machine itself, and in no image of it.
fleet:
let
  inherit (fleet) lib;
  folders = lib.filterAttrs (_: type: type == "directory") (builtins.readDir ./.);
  ownHardware = [
    "disks.nix"
    "facter.json"
    "hardware.nix"
    "hardware-configuration.nix"
  ];
in
lib.mapAttrs (
  name: _:
  fleet.nixosSystem {
    inherit name;
    modules = [
      ./${name}
      { nixosFleet.image.hardwareModules = map (file: ./${name}/${file}) ownHardware; }
    ]
    ++ fleet.hardwareModules ./${name};
  }
) folders
