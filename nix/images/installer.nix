# Shared by all installers. The ssh host keys are generated at each boot and belong to no machine.
{ config, lib, ... }:
{
  # All operators' keys may log in as root of the live system.
  users.users.root.openssh.authorizedKeys.keys = lib.concatMap (
    user: user.openssh.authorizedKeys.keys
  ) (lib.filter (user: user.isNormalUser) (lib.attrValues config.users.users));
  services.openssh.settings.PermitRootLogin = lib.mkForce "prohibit-password";
  system.stateVersion = lib.mkDefault lib.trivial.release;
}
