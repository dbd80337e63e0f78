# Names and ports of the systems in nixosConfigurations. Used in the text of `nix eval --apply`, so it cannot import files.
outputs:
let
  inherit (builtins) mapAttrs tryEval;
  # networking.fqdn throws without a domain.
  orNull =
    value:
    let
      result = tryEval value;
    in
    if result.success then result.value else null;
in
mapAttrs (
  name:
  { config, ... }:
  {
    hostName = config.networking.hostName or name;
    fqdn = orNull (config.networking.fqdn or null);
    ssh = config.services.openssh.enable or false;
    ports = config.services.openssh.ports or [ 22 ];
    installer = config.system.build ? isoImage;
  }
) outputs.nixosConfigurations
