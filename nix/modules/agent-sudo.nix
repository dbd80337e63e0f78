# nixosFleet.agentSudo: sudo by a key in the operator's ssh-agent, which the connection forwards (`forwardAgent: true` of a stack's
# host), and by no password: whoever has only the session of an operator is not root.
{ config, lib, ... }:
let
  cfg = config.nixosFleet.agentSudo;
  inherit (config.services) openssh;
in
{
  options.nixosFleet.agentSudo.enable = lib.mkEnableOption ''
    sudo by the keys of a forwarded ssh-agent: wheel becomes root only where the agent holds a key of the user that the configuration
    names (/etc/ssh/authorized_keys.d). No password is needed, and none is asked of a deployment.

    The risk: while a connection with a forwarded agent is open, root of this machine, and whoever is the same user there, can use the agent
    to log in elsewhere as the operator, though not copy its keys. Forward an agent only to machines whose root you trust with that, keep in it
    only the keys for these machines, and have it ask at each use (`ssh-add -c`), which then holds up a deployment. Keys on security tokens
    (`sk-…`) are not taken
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
