# nixosFleet.agentSudo: sudo with a key in the operator's forwarded ssh-agent (`forwardAgent: true` of a stack's host) instead of a
# password. An operator's session alone does not give root.
{ config, lib, ... }:
let
  cfg = config.nixosFleet.agentSudo;
  inherit (config.services) openssh;
in
{
  options.nixosFleet.agentSudo.enable = lib.mkEnableOption ''
    sudo with the keys of a forwarded ssh-agent: a user in wheel becomes root only if the agent has one of the user's keys from the
    configuration (/etc/ssh/authorized_keys.d). Deployments need no password.

    The risk: while a connection with a forwarded agent is open, root and the same user on this machine can use the agent to log in
    elsewhere as the operator, though not copy its keys. Forward an agent only to machines whose root you trust, keep only the keys for
    these machines in it, and have it confirm each use (`ssh-add -c`), which makes deployments wait. Keys on security tokens (`sk-…`) are
    not accepted
  '';

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = config.security.sudo.enable;
        message = "nixosFleet.agentSudo.enable = true needs security.sudo.enable = true: sudo-rs and doas do not ask an agent without a terminal.";
      }
      {
        assertion = openssh.enable && openssh.settings.AllowAgentForwarding or true != false;
        message = "nixosFleet.agentSudo.enable = true needs sshd with agent forwarding: services.openssh.enable, and AllowAgentForwarding not false.";
      }
      {
        assertion = config.security.sudo.wheelNeedsPassword;
        message = "nixosFleet.agentSudo.enable = true with security.sudo.wheelNeedsPassword = false: sudo would ask nothing at all. Leave it out.";
      }
    ];
    security = {
      pam.sshAgentAuth.enable = true;
      sudo = {
        wheelNeedsPassword = true;
        # `sudo -n`, which deployments use, asks PAM only then.
        extraConfig = "Defaults noninteractive_auth";
      };
    };
  };
}
