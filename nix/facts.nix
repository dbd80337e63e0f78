# Evaluates NixOS systems to raw facts: everything that a preview shows, without building anything.
#
# Used as `nix eval FLAKE#.nixosConfigurations --apply "(this text) { … }"`, so it cannot import files. It must work
# with any version of NixOS and with lab systems that lack many options: hence the `or` defaults, and no nixpkgs lib.
#
# Each host's result is printed with builtins.trace, as a line "MARK {…}": earlier results survive an error that tryEval cannot
# catch (a missing attribute, an abort), and the caller can show progress.
{
  # Name -> attribute of nixosConfigurations. For an image, JSON with its `configuration` and its path in it, `image`. For another
  # output, of which only the derivation is needed, JSON with `configuration` and `output`.
  hosts,
  # Prefix of each result line.
  mark,
  # Whether a failing host aborts the evaluation, with Nix's own message.
  strict,
}:
configurations:
let
  inherit (builtins)
    attrNames
    concatLists
    concatMap
    deepSeq
    elem
    filter
    foldl'
    getContext
    hashFile
    isAttrs
    isPath
    isString
    listToAttrs
    map
    mapAttrs
    parseDrvName
    pathExists
    readFile
    readFileType
    toJSON
    toString
    trace
    tryEval
    unsafeDiscardStringContext
    ;

  plain = value: unsafeDiscardStringContext (toString value);
  orEmpty = value: if value == null then "" else plain value;
  filterAttrs =
    keep: set:
    listToAttrs (
      concatMap (
        name:
        if keep name set.${name} then
          [
            {
              inherit name;
              value = set.${name};
            }
          ]
        else
          [ ]
      ) (attrNames set)
    );
  names =
    value:
    if isAttrs value then attrNames (filterAttrs (_: on: on != false) value) else map plain value;
  attempt =
    value: default:
    let
      result = tryEval (deepSeq value value);
    in
    if result.success then result.value else default;

  # Derivations that a string refers to and that are not packages (no version in their names): configuration files and scripts.
  # The caller reads their texts from the .drv files.
  texts =
    string:
    let
      context = getContext string;
    in
    filter (drv: (parseDrvName (plain (baseNameOf (unsafeDiscardStringContext drv)))).version == "") (
      map unsafeDiscardStringContext (filter (path: context.${path} ? outputs) (attrNames context))
    );

  derivation = drv: {
    drvPath = unsafeDiscardStringContext drv.drvPath;
    # Not named outPath: an attribute set with that name serialises to a string.
    out = unsafeDiscardStringContext drv.outPath;
  };

  package =
    item:
    if isAttrs item && item ? name then
      let
        parsed = parseDrvName item.name;
      in
      {
        name = plain (item.pname or parsed.name);
        version = orEmpty (item.version or parsed.version);
      }
    else
      {
        name = plain (baseNameOf (plain item));
        version = "";
      };

  source =
    value:
    if isPath value then
      # Hashed by content, as in the build of the system.
      {
        exact = plain "${value}";
        path = plain "${value}";
      }
    else
      let
        path = "${value}";
        context = getContext path;
        hasDerivation = filter (item: context.${item} ? outputs) (attrNames context) != [ ];
        # Pure evaluation may only read paths in the store.
        isFile = context != { } && !hasDerivation && pathExists path && readFileType path == "regular";
      in
      if hasDerivation then
        {
          source = plain path;
          texts = texts path;
        }
      else if isFile then
        {
          exact = "sha256:" + hashFile "sha256" path;
          path = plain path;
        }
      else
        { exact = plain path; };

  unit = item: {
    enable = item.enable or true;
    text = orEmpty (item.text or null);
    texts = if (item.text or null) == null then [ ] else texts item.text;
    wantedBy = map plain (item.wantedBy or [ ]);
    requiredBy = map plain (item.requiredBy or [ ]);
    upheldBy = map plain (item.upheldBy or [ ]);
    aliases = map plain (item.aliases or [ ]);
  };

  etc =
    item:
    {
      mode = item.mode or "symlink";
    }
    // (
      if (item.text or null) != null then
        {
          text = plain item.text;
          texts = texts item.text;
        }
      else
        source item.source
    );

  # Values that satisfy a required symbol: NixOS defines the requirement as a function of the kernel's configuration.
  required =
    items:
    let
      probe = value: {
        isSet = _: value != "n";
        getValue = _: if value == "n" then null else value;
        isYes = _: value == "y";
        isModule = _: value == "m";
        isEnabled = _: value != "n";
        isNo = _: value == "n";
        isDisabled = _: value == "n";
      };
      accepted =
        item: filter (value: attempt (item.assertion (probe value)) false) [ "y" "m" "n" ];
      symbol = item: builtins.match "CONFIG_([A-Za-z0-9_]+)=.*" item.configLine;
      judged = filter (item: symbol item != null) items;
      bySymbol = builtins.groupBy (item: builtins.head (symbol item)) judged;
    in
    # Required more than once: the values that satisfy all.
    mapAttrs (
      _: same:
      builtins.concatStringsSep "" (
        filter (value: builtins.all (item: elem value (accepted item)) same) [ "y" "m" "n" ]
      )
    ) bySymbol;

  # A derivation that runs Kconfig but no compiler, and outputs the complete .config.
  configuration =
    kernel:
    let
      configfile = kernel.configfile or null;
      stopped = kernel.overrideAttrs (_: {
        outputs = [ "out" ];
        postConfigure = "cp $buildRoot/.config $out; exit 0";
      });
    in
    if isAttrs configfile && configfile ? drvPath then
      derivation configfile
    else if kernel ? overrideAttrs then
      derivation stopped
    else
      null;

  kernelSource =
    src:
    if isAttrs src then
      let
        path = if src ? outPath then plain src else "";
      in
      {
        name = plain (src.name or (baseNameOf path));
        revision = plain (src.rev or src.dirtyRev or "");
        inherit path;
      }
    else
      {
        name = plain (baseNameOf (plain src));
        revision = "";
        path = plain src;
      };

  # A patch's file and an identifier of its content.
  patchFile =
    file:
    if file == null then
      ""
    else if isAttrs file then
      "${plain (file.name or (baseNameOf (plain file)))} ${builtins.substring 0 12 (plain (file.outputHash or ""))}"
    else
      "${plain (baseNameOf (plain file))} ${builtins.substring 0 12 (hashFile "sha256" file)}";

  # The newest release of each kernel series, from a file in nixpkgs; other series are not maintained.
  releases =
    pkgs:
    let
      file = pkgs.path + "/pkgs/os-specific/linux/kernel/kernels-org.json";
    in
    if pkgs ? path && pathExists file then
      mapAttrs (_: release: release.version) (builtins.fromJSON (readFile file))
    else
      { };

  kernelFacts =
    pkgs: kernel:
    let
      configfile = kernel.configfile or null;
      structured = configfile.structuredConfig or null;
      value =
        item:
        if (item.freeform or null) != null then
          plain item.freeform
        else if (item.tristate or null) != null then
          plain item.tristate
        else
          null;
    in
    (derivation kernel)
    // {
      version = plain (kernel.version or (parseDrvName kernel.name).version);
      modDirVersion = plain (kernel.modDirVersion or kernel.version or "");
      source = kernelSource (kernel.src or "");
      patches = map (patch: {
        name = plain (patch.name or "");
        patch = patchFile (patch.patch or null);
      }) (kernel.kernelPatches or [ ]);
      # Symbols that Kconfig may drop silently: nixpkgs marks them as optional.
      optional =
        if structured == null then
          [ ]
        else
          attrNames (filterAttrs (_: item: item.optional or false) structured);
      configuration = configuration kernel;
      releases = releases pkgs;
      dev = if kernel ? dev then plain kernel.dev.outPath else "";
      config =
        if structured != null then
          filterAttrs (_: v: v != null) (mapAttrs (_: value) structured)
        else if isPath configfile then
          { }
        else
          filterAttrs (_: isString) (if isAttrs (kernel.config or null) then kernel.config else { });
      # The text of a complete .config if it is a file of the flake; never import from derivation.
      configText = if structured == null && isPath configfile then plain (readFile configfile) else null;
    };

  bootLoader =
    loader:
    if loader.systemd-boot.enable or false then
      "systemd-boot"
    else if loader.limine.enable or false then
      "limine"
    else if loader.grub.enable or false then
      "grub"
    else if loader.generic-extlinux-compatible.enable or false then
      "extlinux"
    else if loader.raspberryPi.enable or false then
      "raspberryPi"
    else if loader.refind.enable or false then
      "refind"
    else if (loader.external.enable or false) || (loader.initScript.enable or false) then
      "external"
    else
      "none";

  ports =
    prefix: firewall: single: ranges:
    map (port: prefix + toString port) (firewall.${single} or [ ])
    ++ map (range: "${prefix}${toString range.from}-${toString range.to}") (firewall.${ranges} or [ ]);
  firewallPorts =
    firewall: single: ranges:
    ports "" firewall single ranges
    ++ concatLists (
      map (name: ports "${name}:" firewall.interfaces.${name} single ranges) (
        filter (name: name != "default") (attrNames (firewall.interfaces or { }))
      )
    );

  user = wheel: name: item: {
    wheel = elem "wheel" (item.extraGroups or [ ]) || (item.group or "") == "wheel" || elem name wheel;
    keys =
      map plain (item.openssh.authorizedKeys.keys or [ ])
      ++ concatMap (file: attempt (filter isString (builtins.split "\n" (plain (readFile file)))) [ ]) (
        item.openssh.authorizedKeys.keyFiles or [ ]
      );
  };

  systemFacts =
    system:
    let
      inherit (system) config;
      container = config.boot.isContainer or false;
      failed = map (item: plain item.message) (filter (item: !item.assertion) (config.assertions or [ ]));
      firewall = config.networking.firewall or { };
      loader = config.boot.loader or { };
      initrd = config.boot.initrd or { };
      kernel = config.boot.kernelPackages.kernel;
    in
    {
      failedAssertions = failed;
      # NixOS throws if an assertion fails; the caller reports the assertions instead.
      toplevel = if failed == [ ] then derivation config.system.build.toplevel else null;
      nixosLabel = plain (config.system.nixos.label or config.system.nixosLabel or "");
      stateVersion = plain (config.system.stateVersion or "");
      revision = orEmpty (config.system.configurationRevision or null);
      platform = plain (
        system.pkgs.stdenv.hostPlatform.system or config.nixpkgs.hostPlatform.system or ""
      );
      inherit container;
      kernel = {
        params = map plain (config.boot.kernelParams or [ ]);
        initrdModules = if container then [ ] else names (initrd.availableKernelModules or [ ]);
        initrdModulesLoaded = if container then [ ] else names (initrd.kernelModules or [ ]);
        modules = if container then [ ] else names (config.boot.kernelModules or [ ]);
        extraModulePackages =
          if container then
            [ ]
          else
            map package (filter (item: item != null) (config.boot.extraModulePackages or [ ]));
      }
      // (
        if container then
          { }
        else
          {
            inherit (derivation kernel) drvPath out;
            version = plain kernel.version;
            modDirVersion = plain (kernel.modDirVersion or kernel.version);
            needs = {
              required = required (config.system.requiredKernelConfig or [ ]);
              judgedByFlake = (config.nixosFleet or { }) ? kernel;
              allowMissingModules = initrd.allowMissingModules or false;
              efiBootStub = kernel.features.efiBootStub or null;
            };
          }
      );
      packages = map package (config.environment.systemPackages or [ ]);
      units = mapAttrs (_: unit) (config.systemd.units or { });
      userUnits = mapAttrs (_: unit) (config.systemd.user.units or { });
      etc = mapAttrs (_: etc) (
        filterAttrs (_: item: item.enable or true) (config.environment.etc or { })
      );
      firewall = {
        enabled = firewall.enable or false;
        tcp = firewallPorts firewall "allowedTCPPorts" "allowedTCPPortRanges";
        udp = firewallPorts firewall "allowedUDPPorts" "allowedUDPPortRanges";
      };
      users = mapAttrs (user (config.users.groups.wheel.members or [ ])) (
        filterAttrs (name: item: name == "root" || item.isNormalUser or false) (config.users.users or { })
      );
      fileSystems = mapAttrs (_: item: {
        fsType = orEmpty (item.fsType or null);
        device =
          if (item.device or null) != null then
            plain item.device
          else if (item.label or null) != null then
            "/dev/disk/by-label/${plain item.label}"
          else
            "";
      }) (filterAttrs (_: item: item.enable or true) (config.fileSystems or { }));
      bootLoader = if container then "none" else bootLoader loader;
      sshd = {
        enabled = config.services.openssh.enable or false;
        ports = config.services.openssh.ports or [ ];
      };
      # Only the names: a broken module of a variant must not fail the system.
      specialisations = attrNames (config.specialisation or { });
      inhibitors = mapAttrs (_: plain) (config.system.switch.inhibitors or { });
      warnings = map plain (config.warnings or [ ]);
    };

  # The value at a path; or the existing part of the path and the names below it.
  reach =
    set: at: path:
    let
      key = builtins.head path;
    in
    if path == [ ] then
      { found = set; }
    else if isAttrs set && set ? ${key} then
      reach set.${key} (at ++ [ key ]) (builtins.tail path)
    else
      {
        inherit at;
        names = if isAttrs set then attrNames set else [ ];
      };

  # The system in an image, which may differ from the machine's.
  inside = system: image: {
    inherit (system) pkgs;
    config = image.passthru.config or system.config;
  };

  imageFacts =
    image: config:
    let
      size = config.virtualisation.diskSize or null;
    in
    (derivation image)
    // {
      name = plain image.name;
      # Path in the output; empty if unknown.
      file = plain (image.passthru.filePath or config.image.filePath or "");
      diskSizeMiB = if builtins.isInt size then size else null;
    };

  step =
    seen: name:
    let
      target =
        if builtins.substring 0 1 hosts.${name} == "{" then
          builtins.fromJSON hosts.${name}
        else
          { configuration = hosts.${name}; };
      there = configurations ? ${target.configuration};
      machine = configurations.${target.configuration};
      path = target.image or target.output or [ ];
      reached = if there && path != [ ] then reach machine.config [ ] path else { };
      image = reached.found;
      system = if target ? image then inside machine image else machine;
      facts =
        if target ? output then
          derivation reached.found
        else
          systemFacts system
          // (if target ? image then { image = imageFacts image system.config; } else { });
      caught =
        if strict then
          {
            success = true;
            value = deepSeq facts facts;
          }
        else
          tryEval (deepSeq facts facts);
      kernelPath =
        if there && !reached ? at && caught.success then caught.value.kernel.drvPath or null else null;
      newKernel = kernelPath != null && !seen ? ${kernelPath};
      kernel =
        let
          value = kernelFacts (system.pkgs or { }) system.config.boot.kernelPackages.kernel;
        in
        # An unusual kernel must not block a deployment: its preview shows less.
        attempt value (
          removeAttrs value [
            "patches"
            "config"
            "configText"
            "configuration"
            "dev"
            "optional"
            "releases"
            "source"
          ]
        );
      report = record: result: trace "${mark} ${toJSON record}" result;
      begun = report { begin = name; } null;
      kernelSaid = if newKernel then report { inherit kernel; } null else null;
      said =
        if !there then
          report {
            host = name;
            missing = attrNames configurations;
          } null
        else if reached ? at then
          report {
            host = name;
            missing = reached.names;
            inherit (reached) at;
          } null
        else if caught.success then
          report {
            host = name;
            ${if target ? output then "output" else "facts"} = caught.value;
          } null
        else
          report {
            host = name;
            caught = true;
          } null;
    in
    builtins.seq begun (
      builtins.seq said (
        builtins.seq kernelSaid (if newKernel then seen // { ${kernelPath} = true; } else seen)
      )
    );
in
builtins.seq (foldl' step { } (attrNames hosts)) true
