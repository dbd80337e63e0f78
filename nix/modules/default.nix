# nixosModules: one a file, and `default` with all of them.
let
  files = builtins.filter (file: file != "default.nix" && builtins.match ".*\\.nix" file != null) (
    builtins.attrNames (builtins.readDir ./.)
  );
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
