# Kernel configuration files, read at evaluation: nothing is built for it.
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

  # The same as boot.kernelPatches takes it; with priority over NixOS's common configuration.
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

  # What linuxManualConfig calls `config`: given by hand, so that a kernel with CONFIG_MODULES=y counts as modular
  # whatever the file is (a path, or made by a derivation's text).
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

  # A kernel from such a source and a whole .config in a file; `CONFIG_LOCALVERSION` becomes part of the module folder's name.
  fromSource =
    pkgs:
    { source, configFile }:
    let
      symbols = read configFile;
      version = sourceVersion source;
    in
    pkgs.linuxManualConfig {
      inherit version;
      modDirVersion = version + unquoted (symbols.LOCALVERSION or "");
      src = source;
      configfile = configFile;
      config = manualConfig symbols;
      features.efiBootStub = symbols.EFI_STUB or "n" == "y";
    };
}
