# Evaluates the cases of one module on a machine: { on = { <name> = module; }; failing = { <name> = { module; message; }; }; },
# from a file of cases, or from the modules' own examples. Returns for each what NixOS says, as data: no case ends the others.
{
  topic,
  cases,
  examples,
}:
configurations:
let
  own = builtins.pathExists cases;
  example = (import examples).${topic};
  machine =
    if own then
      configurations.base
    else
      configurations.aethelred.extendModules { modules = [ (import examples).base ]; };
  outcome =
    system:
    let
      inherit (system) config;
      failed = map (item: item.message) (builtins.filter (item: !item.assertion) config.assertions);
    in
    {
      inherit failed;
      inherit (config) warnings;
      toplevel = if failed == [ ] then config.system.build.toplevel.drvPath else "";
      vm = if failed == [ ] then config.system.build.vm.drvPath else "";
      image =
        if failed != [ ] then
          ""
        else if own then
          config.system.build.image.drvPath
        else if example ? image then
          config.system.build.images.${example.image}.drvPath
        else
          "";
    };
  extended = module: outcome (machine.extendModules { modules = [ module ]; });
  table =
    if own then
      import cases
    else
      {
        on.example = example.on;
        failing = builtins.mapAttrs (message: module: { inherit message module; }) example.fails;
      };
in
{
  off = outcome machine;
  on = builtins.mapAttrs (_: extended) table.on;
  failing = builtins.mapAttrs (_: case: {
    inherit (case) message;
    outcome = extended case.module;
  }) table.failing;
}
