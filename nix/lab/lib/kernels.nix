# Debian's kernels for virtual machines, as packages with the interface of nixpkgs' kernels: `pkgs.linuxPackages_6_1.kernel` has
# bzImage and lib/modules, and tells its version, modDirVersion and config before it is built.
{
  index,
  build,
  debian,
  packages,
}:
let
  inherit (builtins)
    attrNames
    concatMap
    filter
    head
    listToAttrs
    match
    readFile
    replaceStrings
    split
    ;
  images = filter (name: match "linux-image-[0-9.]+[-+].*-cloud-.*" name != null) (
    attrNames index.packages
  );
  abi = name: head (match "linux-image-(.*)" name);
  # 6.1.192-2 and 6.12.117-1~deb12u1: Debian's own number is no part of the kernel's.
  versionOf = name: head (match "([0-9.]+)-.*" index.packages.${name}.version);
  seriesOf = name: head (match "([0-9]+\\.[0-9]+).*" (versionOf name));

  # CONFIG_KVM=m → CONFIG_KVM = "m"; what is not set is "n".
  parseConfig =
    text:
    listToAttrs (
      concatMap (
        line:
        let
          set = if builtins.isString line then match "(CONFIG_[A-Za-z0-9_]+)=\"?([^\"]*)\"?" line else null;
          unset =
            if builtins.isString line && set == null then
              match "# (CONFIG_[A-Za-z0-9_]+) is not set" line
            else
              null;
        in
        if set != null then
          [
            {
              name = head set;
              value = builtins.elemAt set 1;
            }
          ]
        else if unset != null then
          [
            {
              name = head unset;
              value = "n";
            }
          ]
        else
          [ ]
      ) (split "\n" text)
    );

  kernel =
    name:
    let
      modDirVersion = abi name;
      version = versionOf name;
    in
    build.runCommand "linux-${version}"
      {
        inherit modDirVersion;
        files = packages.unpacked.${name};
        kmod = packages.programs.kmod;
      }
      ''
        mkdir -p "$out/lib"
        cp "$files/boot/vmlinuz-$modDirVersion" "$out/bzImage"
        cp -a "$files/lib/modules" "$out/lib/modules"
        chmod -R u+w "$out"
        rm -f "$out/lib/modules/$modDirVersion/build" "$out/lib/modules/$modDirVersion/source"
        # It goes by the name it is called with.
        ln -s "$kmod/bin/kmod" depmod
        ./depmod -b "$out" "$modDirVersion"
      ''
    // {
      pname = "linux";
      inherit version modDirVersion;
      src.name = index.packages.${name}.file;
      config = parseConfig (readFile "${debian}/config-${modDirVersion}");
      features.efiBootStub = true;
    };
in
listToAttrs (
  map (name: {
    name = "linuxPackages_${replaceStrings [ "." ] [ "_" ] (seriesOf name)}";
    value.kernel = kernel name;
  }) images
)
