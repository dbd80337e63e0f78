{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    assertions = mkOption {
      type = types.listOf types.anything;
      default = [ ];
      description = "What must hold, as { assertion, message }: the system of a machine whose assertion fails does not evaluate.";
    };
    warnings = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Shown when the machine is evaluated.";
    };
  };
}
