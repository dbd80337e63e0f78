{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.networking.hostName = mkOption {
    type = types.str;
    description = "The machine's name; by default the name of its file.";
  };

  config = {
    environment.etc.hostname.text = config.networking.hostName + "\n";
    system.activationScripts.hostname.text = ''
      hostname '${config.networking.hostName}'
    '';
  };
}
