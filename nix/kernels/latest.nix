# The newest release in the pinned nixpkgs.
{ pkgs, ... }: pkgs.linux_latest
