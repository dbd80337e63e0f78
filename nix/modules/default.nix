# nixosModules: one per file, and `default` with all of them. None has an effect until it is enabled.
let
  noModules = [
    "default.nix"
    "examples.nix"
  ];
  files = builtins.filter (
    file: !builtins.elem file noModules && builtins.match ".*\\.nix" file != null
  ) (builtins.attrNames (builtins.readDir ./.));
  topics = builtins.listToAttrs (
    map (file: {
      name = builtins.replaceStrings [ ".nix" ] [ "" ] file;
      value = ./${file};
    }) files
  );
in
topics
// {
  default.imports = builtins.attrValues topics;
}
