# Variants of a system that are in its closure: each can be switched to by its name.
{ lib, extend, ... }:
let
  inherit (lib) mkOption types;
  # As in NixOS, the option's value is the variant's whole config.
  variant = {
    name = "module";
    merge = _: definitions: (extend (builtins.head definitions).value).config;
  };
in
{
  options.specialisation = mkOption {
    type = types.attrsOf (
      types.submodule {
        configuration = mkOption {
          type = variant;
          description = "What differs from the system itself: one module.";
        };
      }
    );
    default = { };
    description = "Variants of the system by name.";
  };
}
