# Every folder here is a machine. A hardware-configuration.nix or facter.json in it is imported automatically. The files listed below
# describe the machine's own hardware, and its images leave them out.
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
