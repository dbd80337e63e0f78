# The long-term kernel that the pinned NixOS is made for.
{ pkgs, ... }: pkgs.linux
