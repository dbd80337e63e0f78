# Reads kernel configuration files at evaluation, without a build.
lib:
let
  unquoted = text: lib.removeSuffix "\"" (lib.removePrefix "\"" text);
  lines = text: lib.splitString "\n" text;
  # "CONFIG_KVM=m" and "# CONFIG_KVM is not set" to { name = "KVM"; value = "m"; }; anything else to null.
  symbol =
    line:
    let
      set = builtins.match "CONFIG_([A-Za-z0-9_]+)=(.*)" (lib.trim line);
      unset = builtins.match "# CONFIG_([A-Za-z0-9_]+) is not set" (lib.trim line);
    in
    if set != null then
      lib.nameValuePair (lib.head set) (lib.elemAt set 1)
    else if unset != null then
      lib.nameValuePair (lib.head unset) "n"
    else
      null;
  parse = text: lib.listToAttrs (lib.filter (entry: entry != null) (map symbol (lines text)));
  makefileValue =
    text: name:
    let
      found = lib.filter (match: match != null) (
        map (builtins.match "${name} =[[:space:]]*([^[:space:]]*)[[:space:]]*") (lines text)
      );
    in
    if found == [ ] then "" else lib.head (lib.head found);
in
rec {
  inherit parse;

  # Symbols of a file: { KVM = "m"; CMDLINE = "\"quiet\""; }.
  read = file: parse (builtins.readFile file);

  # The same in the form of boot.kernelPatches, with priority over NixOS's common configuration.
  structured = lib.mapAttrs (
    _: value:
    lib.mkForce (
      if value == true || value == "y" then
        lib.kernel.yes
      else if value == "m" then
        lib.kernel.module
      else if value == false || value == "n" then
        lib.kernel.no
      else
        lib.kernel.freeform (unquoted (toString value))
    )
  );

  # The `config` of linuxManualConfig, set explicitly, so that a kernel with CONFIG_MODULES=y counts as modular whether the file is
  # a path or built from a derivation.
  manualConfig = lib.mapAttrs' (name: value: lib.nameValuePair "CONFIG_${name}" value);

  # Version of an unpacked kernel source (a flake input with `flake = false`), from its Makefile.
  sourceVersion =
    source:
    let
      value = makefileValue (builtins.readFile "${source}/Makefile");
      release = "${value "VERSION"}.${value "PATCHLEVEL"}.${value "SUBLEVEL"}${value "EXTRAVERSION"}";
    in
    if value "VERSION" == "" then
      throw "${source}/Makefile has no VERSION: it is no kernel source"
    else
      release;

  # A kernel from its own source: a flake input (`flake = false`), a folder, a Git checkout, or an archive (a derivation such as
  # fetchurl's, which needs `version`, since its Makefile does not exist yet at evaluation). Configured by a complete .config
  # (`configFile`; CONFIG_LOCALVERSION becomes part of the module folder's name), or by NixOS's common configuration with
  # `structuredConfig` on top ({ KVM = "m"; }; `commonConfig = false` leaves the common one out). `patches` are { name = file; }.
  fromSource =
    pkgs:
    {
      source,
      version ? sourceVersion source,
      configFile ? null,
      structuredConfig ? { },
      commonConfig ? true,
      patches ? { },
    }:
    let
      symbols = read configFile;
      localVersion =
        if configFile != null then
          unquoted (symbols.LOCALVERSION or "")
        else
          unquoted (toString (structuredConfig.LOCALVERSION or ""));
      common = {
        inherit version;
        modDirVersion = lib.versions.pad 3 version + localVersion;
        src = source;
        kernelPatches = lib.mapAttrsToList (name: patch: { inherit name patch; }) patches;
      };
    in
    assert lib.assertMsg (configFile == null || structuredConfig == { })
      "fromSource: configFile decides the whole configuration, so structuredConfig has no effect: write its symbols into the file.";
    if configFile != null then
      pkgs.linuxManualConfig (
        common
        // {
          configfile = configFile;
          config = manualConfig symbols;
          features.efiBootStub = symbols.EFI_STUB or "n" == "y";
        }
      )
    else
      pkgs.buildLinux (
        common
        // {
          structuredExtraConfig = structured structuredConfig;
          enableCommonConfig = commonConfig;
        }
      );
}
