# Users from a folder of ssh public keys: root.pub gives root its keys, <name>.pub a user with root rights.
folder:
{ lib, ... }:
let
  files = lib.filterAttrs (name: type: type == "regular" && lib.hasSuffix ".pub" name) (
    builtins.readDir folder
  );
  keys =
    file:
    lib.filter (line: line != "" && !lib.hasPrefix "#" line) (
      map lib.trim (lib.splitString "\n" (builtins.readFile "${folder}/${file}"))
    );
  user =
    file: _:
    let
      name = lib.removeSuffix ".pub" file;
    in
    lib.nameValuePair name (
      {
        openssh.authorizedKeys.keys = keys file;
      }
      // lib.optionalAttrs (name != "root") {
        isNormalUser = true;
        extraGroups = [ "wheel" ];
      }
    );
in
{
  users.users = lib.mapAttrs' user files;
  services.openssh = {
    enable = true;
    settings = {
      PasswordAuthentication = false;
      KbdInteractiveAuthentication = false;
      PermitRootLogin = "prohibit-password";
    };
  };
  # Deployments cannot type a password. Any key of a wheel user is equivalent to root.
  security.sudo.wheelNeedsPassword = lib.mkDefault false;
}
