# Every other file here is a kernel: a function of { pkgs, lib, kconfig }. Packages `kernel-<file>`.
{ lib, kconfig, ... }:
pkgs:
let
  files = lib.filterAttrs (name: _: name != "default.nix" && lib.hasSuffix ".nix" name) (
    builtins.readDir ./.
  );
in
lib.mapAttrs' (
  file: _:
  lib.nameValuePair "kernel-${lib.removeSuffix ".nix" file}" (
    import ./${file} { inherit pkgs lib kconfig; }
  )
) files
