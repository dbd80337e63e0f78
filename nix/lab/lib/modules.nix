# Evaluates modules as NixOS does, with the part of it that lab systems need: options with types, mkIf, mkDefault, mkForce,
# and NixOS's words for what is wrong. A module is a file, a function of { config, lib, ... } or an attribute set; one with
# `options` or `config` has its definitions in `config`.
{ modules, arguments }:
let
  types = import ./types.nix;
  inherit (builtins)
    concatLists
    foldl'
    isFunction
    isPath
    ;

  load =
    module:
    let
      file =
        if isPath module then baseNameOf (dirOf module) + "/" + baseNameOf module else "an inline module";
      imported = if isPath module then import module else module;
      body = if isFunction imported then imported (arguments // { inherit config lib; }) else imported;
      structured = body ? options || body ? config;
      imports = body.imports or [ ];
      own = {
        file = body.file or file;
        options = body.options or { };
        config =
          if structured then
            body.config or { }
          else
            removeAttrs body [
              "imports"
              "file"
            ];
      };
    in
    [ own ] ++ concatLists (map load imports);

  loaded = concatLists (map load modules);

  lib = types.properties // {
    inherit types;
    inherit (types) mkOption;
  };

  # Options of all modules in one tree.
  mergeTrees =
    one: other:
    one
    // builtins.mapAttrs (
      name: value:
      if one ? ${name} && !(types.isOption value) then mergeTrees one.${name} value else value
    ) other;
  options = foldl' mergeTrees { } (map (module: module.options) loaded);

  config = types.evaluate [ ] options (
    map (module: {
      inherit (module) file;
      value = module.config;
    }) loaded
  );
in
{
  inherit config options lib;
}
