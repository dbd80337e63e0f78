# The default long-term kernel of the pinned NixOS.
{ pkgs, ... }: pkgs.linux
