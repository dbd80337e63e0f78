# `nix develop`: tools for the project's commands and for kernel development.
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
