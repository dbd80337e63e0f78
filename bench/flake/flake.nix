# Machines of the size of real ones, without nixpkgs: some 90 units, 100 files under /etc and 80 packages each.
# How many there are is written into count.nix by the benchmark.
{
  outputs =
    _:
    let
      inherit (builtins)
        genList
        listToAttrs
        toString
        ;
      named = count: make: listToAttrs (genList make count);
      machine =
        index:
        let
          name = "host${toString index}";
          # A file that one machine alone reads.
          own = if index == 1 then import ./host1.nix else "";
          toplevel = derivation {
            name = "nixos-system-${name}-26.05";
            system = "x86_64-linux";
            builder = "/bin/sh";
            args = [
              "-c"
              "echo ${name} ${own} > $out"
            ];
          };
        in
        {
          inherit name;
          value = {
            pkgs.stdenv.hostPlatform.system = "x86_64-linux";
            config = {
              system = {
                build.toplevel = toplevel;
                inherit name;
                nixos = {
                  label = "26.05.bench";
                  version = "26.05.bench";
                };
                stateVersion = "26.05";
              };
              boot = {
                isContainer = true;
                kernelParams = [
                  "panic=10"
                  "console=tty0"
                ];
              };
              networking = {
                hostName = name;
                firewall = {
                  enable = true;
                  allowedTCPPorts = [
                    22
                    80
                  ];
                  allowedUDPPorts = [ ];
                };
              };
              systemd.units = named 90 (unit: {
                name = "unit-${toString unit}.service";
                value = {
                  enable = true;
                  text = "[Service]\nExecStart=/bin/unit-${toString unit} --host ${name} ${if unit == 0 then own else ""}\n";
                };
              });
              environment = {
                etc = named 100 (file: {
                  name = "etc-${toString file}.conf";
                  value = {
                    enable = true;
                    text = "file ${toString file} of ${name}";
                  };
                });
                systemPackages = genList (package: {
                  pname = "package-${toString package}";
                  version = "1.${toString package}";
                  name = "package-${toString package}-1.${toString package}";
                }) 80;
              };
              users.users.root = {
                isNormalUser = false;
                extraGroups = [ ];
                openssh.authorizedKeys.keys = [ ];
              };
              services.openssh = {
                enable = true;
                ports = [ 22 ];
              };
              fileSystems."/" = {
                device = "/dev/vda1";
                fsType = "ext4";
              };
              warnings = [ ];
              assertions = [ ];
            };
          };
        };
    in
    {
      nixosConfigurations = listToAttrs (genList machine (import ./count.nix));
    };
}
