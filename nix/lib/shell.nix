# `nix develop`: all that the project's own commands and a kernel developer need.
pkgs:
pkgs.mkShell {
  packages = [
    (pkgs.pulumi.withPackages (plugins: [ plugins.pulumi-nodejs ]))
    pkgs.nodejs_24
    pkgs.nixos-rebuild-ng
    pkgs.ccache
    pkgs.gdb
    pkgs.qemu
    pkgs.nixfmt
  ];
}
