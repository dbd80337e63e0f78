# What systems that boot are made of: kernels, a boot loader, the programs that make initrds and disks, and the root file
# system that a machine starts with.
{ debian }:
let
  read = builtins.fromJSON (builtins.readFile "${debian}/index.json");
  notGiven = "the packages of systems that boot are not given: run `setup/with setup/lab-image`, and pass the folder it prints: --override-input image-debian path:FOLDER/packages";
  absent =
    series:
    throw (
      if read.packages == { } then
        notGiven
      else
        "the Debian archive that this computer's apt knows has no kernel ${series}"
    );
  index = if read.packages != { } then read else throw notGiven;
  build = import ./build.nix { inherit index; };
  packages = import ./packages.nix { inherit index build; };
in
{
  kernels = {
    # A set of packages for a kernel, as `boot.kernelPackages` takes it.
    linuxPackagesFor = kernel: { inherit kernel; };
    linuxPackages_6_1 = absent "6.1";
    linuxPackages_6_12 = absent "6.12";
  }
  // (
    if read.packages == { } then
      { }
    else
      import ./kernels.nix {
        inherit
          index
          build
          debian
          packages
          ;
      }
  );
  # By Debian names.
  tools = packages.programs;
  characterSets = "${packages.unpacked.libc6}/lib/${build.triplet}/gconv";
  # Folder with the files in root/ and their owners and modes in list.
  baseRoot =
    let
      base = builtins.fromJSON (builtins.readFile "${debian}/base.json");
    in
    build.fixed {
      inherit (base) name hash;
      mode = "recursive";
    };
  grub = "${packages.unpacked.grub-efi-amd64-bin}/lib/grub/x86_64-efi/monolithic/grubx64.efi";
  # What a machine needs of GRUB: grub-reboot, and the programs that it runs.
  grubTools =
    build.runCommand "grub-tools"
      {
        scripts = packages.unpacked.grub2-common;
        library = packages.unpacked.grub-common;
        programs = packages.programs.grub-common;
      }
      ''
        mkdir -p "$out/bin" "$out/share/grub"
        cp "$programs/bin/grub-editenv" "$programs/sbin/grub-probe" "$out/bin/"
        cp "$library/share/grub/grub-mkconfig_lib" "$out/share/grub/"
        sed "s|/usr|$out|; s|^sbindir=.*|sbindir=$out/bin|" "$scripts/sbin/grub-reboot" >"$out/bin/grub-reboot"
        chmod 555 "$out"/bin/*
      '';
  systemdBoot = "${packages.programs.systemd-boot-efi}/lib/systemd/boot/efi/systemd-bootx64.efi";
}
