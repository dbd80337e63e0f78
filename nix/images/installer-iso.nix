# A live ISO for installations, with the operators' keys and sshd, without a channel.
{ lib, modulesPath, ... }:
{
  imports = [
    "${modulesPath}/installer/cd-dvd/installation-cd-minimal.nix"
    ./installer.nix
  ];
  isoImage.squashfsCompression = lib.mkDefault "zstd -Xcompression-level 6";
}
