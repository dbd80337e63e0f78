# What a hive of colmena says of its nodes, from the outputs of a flake: of `colmenaHive`, or of `colmena`, whose nodes are evaluated
# with the options that colmena gives them. Used in the text of `nix eval --apply`, so it cannot import files.
outputs:
let
  inherit (builtins)
    attrNames
    filter
    elem
    isFunction
    isList
    listToAttrs
    mapAttrs
    typeOf
    ;
  discard = builtins.unsafeDiscardStringContext;

  options =
    {
      lib,
      name,
      config,
      ...
    }:
    let
      inherit (lib) types mkOption;
      option = type: default: mkOption { inherit type default; };
      text = option types.str;
      key =
        { name, config, ... }:
        {
          freeformType = types.attrsOf types.unspecified;
          options = {
            name = text name;
            text = option (types.nullOr types.str) null;
            keyFile = option (types.nullOr types.path) null;
            keyCommand = option (types.nullOr (types.listOf types.str)) null;
            destDir = option types.path "/run/keys";
            path = option types.path "${config.destDir}/${config.name}";
            user = text "root";
            group = text "root";
            permissions = text "0600";
            uploadAt = text "pre-activation";
          };
        };
    in
    {
      options.deployment = mkOption {
        default = { };
        type = types.submodule {
          # Those of newer versions.
          freeformType = types.attrsOf types.unspecified;
          options = {
            targetHost = option (types.nullOr types.str) name;
            targetPort = option (types.nullOr types.ints.unsigned) null;
            targetUser = option (types.nullOr types.str) "root";
            allowLocalDeployment = option types.bool false;
            buildOnTarget = option types.bool false;
            tags = option (types.listOf types.str) [ ];
            keys = option (types.attrsOf (types.submodule key)) { };
            replaceUnknownProfiles = option types.bool true;
            privilegeEscalationCommand = option (types.listOf types.str) [
              "sudo"
              "-H"
              "--"
            ];
            sshOptions = option (types.listOf types.str) [ ];
          };
        };
      };
    };

  raw = if isFunction outputs.colmena then outputs.colmena { } else outputs.colmena;
  meta = raw.meta or raw.network or { };
  packages =
    given:
    if isFunction given then
      given { }
    else if elem (typeOf given) [
      "path"
      "string"
    ] then
      import given { }
    else
      given;
  nodeNames = filter (
    name:
    !(elem name [
      "meta"
      "network"
      "defaults"
    ])
  ) (attrNames raw);
  evaluated = listToAttrs (
    map (name: {
      inherit name;
      value =
        let
          pkgs = packages (meta.nodeNixpkgs.${name} or meta.nixpkgs or <nixpkgs>);
          node = raw.${name};
        in
        import (pkgs.path + "/nixos/lib/eval-config.nix") {
          system = pkgs.stdenv.hostPlatform.system or pkgs.system;
          modules = [
            options
            (raw.defaults or { })
          ]
          ++ (if isList node then node else [ node ]);
          specialArgs = {
            inherit name;
            nodes = evaluated;
          }
          // (meta.specialArgs or { })
          // (meta.nodeSpecialArgs.${name} or { });
        };
    }) nodeNames
  );

  deployments =
    if outputs ? colmenaHive then
      outputs.colmenaHive.deploymentConfig
        or (mapAttrs (_: { config, ... }: config.deployment) outputs.colmenaHive.nodes)
    else
      mapAttrs (_: { config, ... }: config.deployment) evaluated;

  keyOf = key: {
    inherit (key)
      text
      keyCommand
      path
      user
      group
      permissions
      uploadAt
      ;
    keyFile = if key.keyFile == null then null else discard (toString key.keyFile);
  };
in
{
  nodes = mapAttrs (_: deployment: {
    inherit (deployment)
      targetHost
      targetPort
      targetUser
      allowLocalDeployment
      buildOnTarget
      tags
      replaceUnknownProfiles
      privilegeEscalationCommand
      ;
    sshOptions = deployment.sshOptions or [ ];
    keys = mapAttrs (_: keyOf) deployment.keys;
  }) deployments;
  machinesFile =
    let
      given = if outputs ? colmenaHive then outputs.colmenaHive.metaConfig or { } else meta;
      file = given.machinesFile or null;
    in
    if file == null then null else discard (toString file);
  output = if outputs ? colmenaHive then "colmenaHive" else "colmena";
  configurations = attrNames (outputs.nixosConfigurations or { });
}
