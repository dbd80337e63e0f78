# A kernel built in the sandbox, with the interface of nixpkgs' kernels: version, modDirVersion, configfile (a derivation in which
# Kconfig runs and nothing compiles) with its structuredConfig, kernelPatches, features, override; outputs out (bzImage, System.map),
# modules, and dev (vmlinux, and gdb's scripts where nixpkgs has them).
{
  runCommand,
  toolchain,
  source,
}:
let
  # CONFIG_KVM=m and "# CONFIG_KVM is not set", as nixpkgs' structured configuration has them.
  parse =
    text:
    builtins.listToAttrs (
      builtins.concatMap (
        line:
        let
          set = if builtins.isString line then builtins.match "CONFIG_([A-Za-z0-9_]+)=(.*)" line else null;
          unset =
            if builtins.isString line then
              builtins.match "# CONFIG_([A-Za-z0-9_]+) is not set.*" line
            else
              null;
        in
        if set != null then
          [
            {
              name = builtins.head set;
              value = item (builtins.elemAt set 1);
            }
          ]
        else if unset != null then
          [
            {
              name = builtins.head unset;
              value = item "n";
            }
          ]
        else
          [ ]
      ) (builtins.split "\n" text)
    );
  item =
    value:
    let
      quoted = builtins.match "\"(.*)\"" value;
    in
    if
      builtins.elem value [
        "y"
        "m"
        "n"
      ]
    then
      { tristate = value; }
    else
      { freeform = if quoted == null then value else builtins.head quoted; };
  line =
    name: value:
    if value ? tristate then
      "CONFIG_${name}=${value.tristate}"
    else if builtins.match "(0x)?[0-9a-fA-F]+" value.freeform != null then
      "CONFIG_${name}=${value.freeform}"
    else
      "CONFIG_${name}=\"${value.freeform}\"";

  make = "make -C \"$source\" O=\"$PWD\" ARCH=x86_64 CONFIG_SHELL=\"$toolchain/bin/bash\" KBUILD_BUILD_USER=nix KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP=@1";

  kernel =
    {
      # The lines of a .config.
      config ? builtins.readFile ./tiny.config,
      # What they do not name: allnoconfig has it off, alldefconfig as Kconfig's own default is, which is what nixpkgs does.
      baseConfig ? "allnoconfig",
      # Symbols on top of them: { KVM = "m"; NR_CPUS = "64"; }
      structuredExtraConfig ? { },
      # [ { name; patch; } ]
      kernelPatches ? [ ],
      # Folder of a compiler cache, which the sandbox must show (extra-sandbox-paths); none where null.
      ccacheDirectory ? null,
      # Lines of bash for the end of the build.
      postInstall ? "",
    }@arguments:
    let
      structuredConfig = parse config // builtins.mapAttrs (_: item) structuredExtraConfig;
      inherit (source) version;
      modDirVersion = version + (structuredConfig.LOCALVERSION.freeform or "");
      patched =
        if kernelPatches == [ ] then
          source
        else
          runCommand "linux-source-patched-${version}"
            {
              inherit source;
              patches = map (patch: patch.patch) kernelPatches;
            }
            ''
              cp -a "$source" "$out"
              chmod -R u+w "$out"
              cd "$out"
              for patch in $patches; do patch -p1 <"$patch"; done
            '';
      environment = {
        source = patched;
        BISON_PKGDATADIR = "${toolchain}/share/bison";
        M4 = "${toolchain}/bin/m4";
      };
      configfile =
        runCommand "linux-config-${version}"
          (
            environment
            // {
              asked = builtins.concatStringsSep "\n" (
                builtins.attrValues (builtins.mapAttrs line structuredConfig)
              );
              passAsFile = [ "asked" ];
            }
          )
          ''
            mkdir config
            cd config
            cp "$askedPath" ../asked
            KCONFIG_ALLCONFIG=../asked ${make} ${baseConfig}
            cp .config "$out"
          ''
        // {
          inherit structuredConfig;
        };
    in
    runCommand "linux-${version}"
      (
        environment
        // {
          inherit configfile modDirVersion;
          outputs = [
            "out"
            "dev"
            "modules"
          ];
        }
        // (
          if ccacheDirectory == null then
            { }
          else
            {
              CCACHE_DIR = ccacheDirectory;
              CCACHE_COMPILERCHECK = "content";
              CCACHE_COMPRESS = "1";
              CCACHE_UMASK = "007";
              CCACHE_NOHASHDIR = "1";
            }
        )
      )
      ''
        mkdir build
        cd build
        cp "$configfile" .config
        compiler=gcc
        if [ -n "''${CCACHE_DIR-}" ]; then
          if [ -w "$CCACHE_DIR" ]; then compiler="ccache gcc"; else echo "no compiler cache: $CCACHE_DIR cannot be written here" >&2; fi
        fi
        ${make} olddefconfig
        ${make} CC="$compiler" -j"''${NIX_BUILD_CORES:-1}" bzImage vmlinux modules scripts_gdb
        [ -z "''${CCACHE_DIR-}" ] || ccache --print-stats || true

        mkdir -p "$out" "$modules" "$dev/lib/modules/$modDirVersion/build/scripts"
        cp arch/x86/boot/bzImage System.map "$out/"
        cp .config "$out/config-$modDirVersion"
        ${make} INSTALL_MOD_PATH="$modules" INSTALL_MOD_STRIP=1 DEPMOD="$toolchain/bin/depmod" modules_install
        rm -f "$modules/lib/modules/$modDirVersion/build" "$modules/lib/modules/$modDirVersion/source"
        cp vmlinux "$dev/"
        if [ -f scripts/gdb/linux/constants.py ]; then
          cp -rL "$source/scripts/gdb" "$dev/lib/modules/$modDirVersion/build/scripts/"
          chmod -R u+w "$dev/lib/modules/$modDirVersion/build/scripts/gdb"
          cp scripts/gdb/linux/constants.py "$dev/lib/modules/$modDirVersion/build/scripts/gdb/linux/"
        fi
        ln -s "$source" "$dev/lib/modules/$modDirVersion/source"
        cp .config "$dev/lib/modules/$modDirVersion/build/"
        ${postInstall}''
    // {
      pname = "linux";
      inherit
        version
        modDirVersion
        configfile
        kernelPatches
        ;
      src = source;
      features.efiBootStub = (structuredConfig.EFI_STUB.tristate or "n") == "y";
      config = builtins.listToAttrs (
        map (name: {
          name = "CONFIG_${name}";
          value = structuredConfig.${name}.tristate or structuredConfig.${name}.freeform;
        }) (builtins.attrNames structuredConfig)
      );
      override = changes: kernel (arguments // changes);
      meta.description = "Linux, built for the lab";
    };
in
kernel
