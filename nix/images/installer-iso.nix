# A live system to install from: the operators' keys, sshd, and no channel.
{ lib, modulesPath, ... }:
{
  imports = [
    "${modulesPath}/installer/cd-dvd/installation-cd-minimal.nix"
    ./installer.nix
  ];
  isoImage.squashfsCompression = lib.mkDefault "zstd -Xcompression-level 6";
}
