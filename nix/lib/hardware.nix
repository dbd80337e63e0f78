# The detected hardware of a machine, if the stack's `hardwareConfig` has written it beside the machine's modules.
lib: folder:
let
  module = folder + "/hardware-configuration.nix";
  report = folder + "/facter.json";
in
lib.optional (builtins.pathExists module) module
++ lib.optional (builtins.pathExists report) {
  # The key by which images leave it out.
  key = toString report;
  hardware.facter.reportPath = report;
}
