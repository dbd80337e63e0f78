# A flake around the one that is evaluated: only an input has attributes of its source, such as its revision, beside its outputs.
{
  inputs.fleet.url = "path:./no-fleet";
  outputs = { self, fleet }: { inherit fleet; };
}
