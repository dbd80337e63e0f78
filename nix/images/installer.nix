# What every installer has. Its ssh host keys are made at each start: they belong to no machine.
{ config, lib, ... }:
{
  # The live system's root may use the keys of all operators.
  users.users.root.openssh.authorizedKeys.keys = lib.concatMap (
    user: user.openssh.authorizedKeys.keys
  ) (lib.filter (user: user.isNormalUser) (lib.attrValues config.users.users));
  services.openssh.settings.PermitRootLogin = lib.mkForce "prohibit-password";
  system.stateVersion = lib.mkDefault lib.trivial.release;
}
