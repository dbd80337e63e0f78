# Calls the outputs of a flake with a `self` that reports which attributes of its source are used, such as `self.rev`. The outputs
# are otherwise those of the flake itself.
#
# Used in the text of `nix eval --apply`, so it cannot import files.
{
  # Prefix of each line that is printed.
  mark,
  # Texts of two files in the store that are opened in turn, by which a reader of file events knows where each host ends.
  pulses,
  # Inputs that are folders of the same tree: their attributes are the tree's.
  relative,
}:
flake:
let
  inherit (builtins)
    elem
    elemAt
    mapAttrs
    readFile
    seq
    toFile
    toJSON
    trace
    ;
  report = record: trace "${mark} ${toJSON record}";
  # The path of the tree is left out: it is found in what is evaluated.
  reported =
    prefix: mapAttrs (name: value: if name == "outPath" then value else report { use = prefix + name; } value);
  sourceInfo = reported "" flake.sourceInfo;
  inputs = mapAttrs (
    name: input:
    if elem name relative then
      reported "input." (removeAttrs input [ "sourceInfo" ])
      // (if input ? sourceInfo then { sourceInfo = reported "input." input.sourceInfo; } else { })
    else
      input
  ) flake.inputs;
  outputs = (import (flake.outPath + "/flake.nix")).outputs (inputs // { self = result; });
  # As in Nix's call-flake.nix.
  result =
    outputs
    // sourceInfo
    // {
      inherit (flake) outPath _type;
      inherit inputs outputs sourceInfo;
    };
  pulse =
    index:
    let
      text = elemAt pulses (index - 2 * (index / 2));
    in
    # Read anew at each call.
    seq (readFile (toFile text text)) null;
in
{
  inherit pulse;
  configurations = seq (report { started = builtins ? currentSystem; } (pulse 0)) (
    result.nixosConfigurations or (throw "the flake does not provide attribute 'nixosConfigurations'")
  );
}
