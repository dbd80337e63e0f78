{
  description = "A virtual machine to change a kernel on";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { nixpkgs, ... }:
    {
      nixosConfigurations.dev = nixpkgs.lib.nixosSystem { modules = [ ./dev.nix ]; };
    };
}
