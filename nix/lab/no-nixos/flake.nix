{
  description = "In place of NixOS: the lab's containers imitate it";
  outputs = _: { };
}
