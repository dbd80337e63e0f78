# What the output `deploy` of a flake says of its nodes. No profile is evaluated, except for its name where no configuration is named
# like the node. Used in the text of `nix eval --apply`, so it cannot import files.
outputs:
let
  inherit (builtins)
    attrNames
    filter
    intersectAttrs
    mapAttrs
    tryEval
    ;
  known = {
    sshUser = null;
    user = null;
    sudo = null;
    interactiveSudo = null;
    sshOpts = null;
    fastConnection = null;
    autoRollback = null;
    magicRollback = null;
    confirmTimeout = null;
    activationTimeout = null;
    tempPath = null;
    remoteBuild = null;
  };
  settings = intersectAttrs known;
  configurations = outputs.nixosConfigurations or { };
  # activate.nixos names its package after the system.
  sameSystem =
    path: name: path.name == "activatable-${configurations.${name}.config.system.build.toplevel.name}";
  matching =
    path:
    let
      found = tryEval (filter (sameSystem path) (attrNames configurations));
    in
    if found.success then found.value else [ ];
in
{
  settings = settings outputs.deploy;
  nodes = mapAttrs (
    name: node:
    settings node
    // {
      inherit (node) hostname;
      profiles = mapAttrs (
        profile: given:
        settings given
        // {
          profilePath = given.profilePath or null;
          configurations =
            if configurations ? ${name} then
              [ name ]
            else if profile == "system" then
              matching given.path
            else
              [ ];
        }
      ) (node.profiles or { });
    }
  ) outputs.deploy.nodes;
}
