# What a machine says that it is made of, where the stack's `hardwareConfig` has written it beside the machine's own modules.
lib: folder:
let
  module = folder + "/hardware-configuration.nix";
  report = folder + "/facter.json";
in
lib.optional (builtins.pathExists module) module
++ lib.optional (builtins.pathExists report) {
  # The name by which images leave it out.
  key = toString report;
  hardware.facter.reportPath = report;
}
