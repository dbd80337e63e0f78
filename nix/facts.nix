# Evaluates NixOS systems to raw facts: everything that a preview shows, without building anything.
#
# Used as `nix eval FLAKE#.nixosConfigurations --apply "(this text) { … }"`, so it cannot import files. It must work
# with any version of NixOS and with lab systems that lack many options: hence the `or` defaults, and no nixpkgs lib.
#
# Each host's result is printed with builtins.trace, as a line "MARK {…}": earlier results survive the error of a host, which ends
# the evaluation with Nix's own message, and the caller can show progress.
{
  # Name -> attribute of nixosConfigurations. For an image, JSON with its `configuration` and its path in it, `image`. For another
  # output, of which only the derivation is needed, JSON with `configuration` and `output`.
  hosts,
  # Prefix of each result line.
  mark,
  # In which order they are evaluated.
  order ? builtins.attrNames hosts,
  # Called at the end of each, with its number from 1, where the evaluation is observed.
  pulse ? null,
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

  # The value at a path such as "boot.loader.grub.enable", or the default: where this version of NixOS lacks the option, removed it
  # (reading it throws), or has no value for it.
  read =
    set: path: default:
    readPath set (filter isString (builtins.split "\\." path)) default;
  readPath =
    set: path: default:
    let
      key = builtins.head path;
      has = tryEval (isAttrs set && set ? ${key});
      value = tryEval set.${key};
    in
    if path == [ ] then
      set
    else if has.success && has.value && value.success then
      readPath value.value (builtins.tail path) default
    else
      default;

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
    option:
    let
      on = name: option "boot.loader.${name}.enable" false == true;
    in
    if on "systemd-boot" then
      "systemd-boot"
    else if on "limine" then
      "limine"
    else if on "grub" then
      "grub"
    else if on "generic-extlinux-compatible" then
      "extlinux"
    else if on "raspberryPi" then
      "raspberryPi"
    else if on "refind" then
      "refind"
    else if on "external" || on "initScript" then
      "external"
    else
      "none";

  ports =
    prefix: firewall: single: ranges:
    map (port: prefix + toString port) (read firewall single [ ])
    ++ map (range: "${prefix}${toString range.from}-${toString range.to}") (read firewall ranges [ ]);
  firewallPorts =
    firewall: single: ranges:
    let
      interfaces = read firewall "interfaces" { };
    in
    ports "" firewall single ranges
    ++ concatLists (
      map (name: ports "${name}:" interfaces.${name} single ranges) (
        filter (name: name != "default") (attrNames interfaces)
      )
    );

  keysOf =
    item:
    map plain (read item "openssh.authorizedKeys.keys" [ ])
    ++ concatMap (file: attempt (filter isString (builtins.split "\n" (plain (readFile file)))) [ ]) (
      read item "openssh.authorizedKeys.keyFiles" [ ]
    );
  user = wheel: name: item: {
    wheel =
      elem "wheel" (read item "extraGroups" [ ]) || read item "group" "" == "wheel" || elem name wheel;
    keys = keysOf item;
  };
  # Who may log in to deploy: root, people, and system users with keys.
  isShown =
    name: item:
    read item "enable" true
    && (name == "root" || read item "isNormalUser" false || attempt (keysOf item != [ ]) false);

  # Each part with the value for one that cannot be read: a part must never fail a system that evaluates.
  parts =
    system:
    let
      option = read system.config;
      # For parts that are unknown without this option: a default would be wrong.
      need = path: option path (throw "no option ${path}");
      container = option "boot.isContainer" false;
      # Containers and WSL run their host's kernel.
      ownKernel = !container && option "boot.kernel.enable" true;
      kernel = system.config.boot.kernelPackages.kernel;
      firewall = need "networking.firewall";
      listed = value: if ownKernel then names value else [ ];
    in
    {
      about = {
        value = {
          nixosLabel = plain (option "system.nixos.label" (option "system.nixosLabel" ""));
          stateVersion = plain (option "system.stateVersion" "");
          revision = orEmpty (option "system.configurationRevision" null);
        };
        default = {
          nixosLabel = "";
          stateVersion = "";
          revision = "";
        };
      };
      platform = {
        value = plain (
          read system "pkgs.stdenv.hostPlatform.system" (option "nixpkgs.hostPlatform.system" "")
        );
        default = "";
      };
      container = {
        value = container;
        default = false;
      };
      kernel = {
        value = {
          params = map plain (option "boot.kernelParams" [ ]);
          initrdModules = listed (option "boot.initrd.availableKernelModules" [ ]);
          initrdModulesLoaded = listed (option "boot.initrd.kernelModules" [ ]);
          modules = listed (option "boot.kernelModules" [ ]);
          extraModulePackages =
            if ownKernel then
              map package (filter (item: item != null) (option "boot.extraModulePackages" [ ]))
            else
              [ ];
        }
        // (
          if ownKernel then
            {
              inherit (derivation kernel) drvPath out;
              version = plain kernel.version;
              modDirVersion = plain (kernel.modDirVersion or kernel.version);
            }
          else
            { }
        );
        default = {
          params = [ ];
          initrdModules = [ ];
          initrdModulesLoaded = [ ];
          modules = [ ];
          extraModulePackages = [ ];
        };
      };
      kernelNeeds = {
        value =
          if ownKernel then
            {
              required = required (option "system.requiredKernelConfig" [ ]);
              judgedByFlake = option "nixosFleet.kernel" null != null;
              allowMissingModules = option "boot.initrd.allowMissingModules" false;
              efiBootStub = kernel.features.efiBootStub or null;
            }
          else
            null;
        default = null;
      };
      packages = {
        value = map package (need "environment.systemPackages");
        default = [ ];
      };
      units = {
        value = mapAttrs (_: unit) (need "systemd.units");
        default = { };
      };
      userUnits = {
        value = mapAttrs (_: unit) (option "systemd.user.units" { });
        default = { };
      };
      etc = {
        value = mapAttrs (_: etc) (filterAttrs (_: item: item.enable or true) (need "environment.etc"));
        default = { };
      };
      firewall = {
        value = {
          enabled = need "networking.firewall.enable";
          tcp = firewallPorts firewall "allowedTCPPorts" "allowedTCPPortRanges";
          udp = firewallPorts firewall "allowedUDPPorts" "allowedUDPPortRanges";
        };
        default = {
          enabled = false;
          tcp = [ ];
          udp = [ ];
        };
      };
      users = {
        value = mapAttrs (user (option "users.groups.wheel.members" [ ])) (
          filterAttrs isShown (need "users.users")
        );
        default = { };
      };
      fileSystems = {
        value = mapAttrs (_: item: {
          fsType = orEmpty (read item "fsType" null);
          device =
            if read item "device" null != null then
              plain item.device
            else if read item "label" null != null then
              "/dev/disk/by-label/${plain item.label}"
            else
              "";
        }) (filterAttrs (_: item: read item "enable" true) (need "fileSystems"));
        default = { };
      };
      bootLoader = {
        value = if container then "none" else bootLoader option;
        default = "none";
      };
      sshd = {
        value = {
          enabled = need "services.openssh.enable";
          ports = need "services.openssh.ports";
        };
        default = {
          enabled = false;
          ports = [ ];
        };
      };
      # What else decides whether the machine can be entered, and deployed to again; null where it is not known.
      access = {
        value = {
          permitRootLogin = option "services.openssh.settings.PermitRootLogin" (
            option "services.openssh.permitRootLogin" null
          );
          trustedInterfaces = option "networking.firewall.trustedInterfaces" [ ];
          nix = option "nix.enable" null;
          switchable = option "system.switch.enable" null;
          rootPassword =
            let
              root = option "users.users.root" null;
              isSet = name: read root name null != null;
              # A hash that begins with one of these is no password's.
              isHash = hash: hash != null && !builtins.elem (builtins.substring 0 1 hash) [ "!" "*" ];
            in
            if root == null then
              null
            else
              builtins.any isSet [
                "password"
                "initialPassword"
                "hashedPasswordFile"
                "passwordFile"
              ]
              || builtins.any (name: isHash (read root name null)) [
                "hashedPassword"
                "initialHashedPassword"
              ];
          sshPasswords =
            let
              passwords = option "services.openssh.settings.PasswordAuthentication" null;
              interactive = option "services.openssh.settings.KbdInteractiveAuthentication" false;
            in
            if passwords == null then null else passwords || interactive == true;
        };
        default = null;
      };
      # What decides what a switch does to running units, beside their texts.
      switching = {
        value =
          let
            scripts = option "system.activationScripts.script" "";
          in
          {
            release = plain (option "system.nixos.release" "");
            systemd = plain (option "systemd.package" "");
            unitPackages = map (item: {
              inherit (package item) name;
              path = plain item;
            }) (option "systemd.packages" [ ]);
            defaultTarget = plain (option "systemd.defaultUnit" "");
            activationLists =
              builtins.replaceStrings
                [ "/run/nixos/activation-restart-list" "/run/nixos/activation-reload-list" ]
                [ "" "" ]
                scripts != scripts;
          };
        default = null;
      };
      specialisations = {
        # Only the names: a broken module of a variant must not fail the system.
        value = attrNames (option "specialisation" { });
        default = [ ];
      };
      inhibitors = {
        value = mapAttrs (_: plain) (option "system.switch.inhibitors" { });
        default = { };
      };
      warnings = {
        value = map plain (option "warnings" [ ]);
        default = [ ];
      };
    };

  # Messages of the assertions that fail. One that cannot be evaluated does not count: the system has its error.
  failedAssertions =
    config:
    map (item: attempt (plain item.message) "an assertion fails, and its message cannot be evaluated") (
      filter (item: !(attempt item.assertion true)) (read config "assertions" [ ])
    );

  systemFacts =
    system:
    let
      # First and alone: an assertion guards values that throw.
      failed = failedAssertions system.config;
      toplevel = derivation system.config.system.build.toplevel;
      all = parts system;
      tried = mapAttrs (_: part: tryEval (deepSeq part.value part.value)) all;
      found = mapAttrs (name: part: if part.success then part.value else all.${name}.default) tried;
    in
    if failed != [ ] then
      {
        failedAssertions = failed;
        toplevel = null;
      }
    else
      deepSeq toplevel (
        {
          failedAssertions = [ ];
          inherit toplevel;
          unread = filter (name: !tried.${name}.success) (attrNames tried);
        }
        // found.about
        // removeAttrs found [ "about" ]
      );

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
      size = read config "virtualisation.diskSize" null;
    in
    (derivation image)
    // {
      name = plain image.name;
      # Path in the output; empty if unknown.
      file = plain (image.passthru.filePath or (read config "image.filePath" ""));
      diskSizeMiB = if builtins.isInt size then size else null;
    };

  step =
    seen: index:
    let
      name = builtins.elemAt order index;
      target =
        if builtins.substring 0 1 hosts.${name} == "{" then
          builtins.fromJSON hosts.${name}
        else
          { configuration = hosts.${name}; };
      there = configurations ? ${target.configuration};
      machine = configurations.${target.configuration};
      path = target.image or target.output or [ ];
      reached = if there && isSystem && path != [ ] then reach machine.config [ ] path else { };
      image = reached.found;
      system = if target ? image then inside machine image else machine;
      facts =
        if target ? output then
          derivation reached.found
        else
          systemFacts system
          // (if target ? image then { image = imageFacts image system.config; } else { });
      # What colmena or deploy-rs take for a machine may be no NixOS system.
      isSystem = isAttrs machine && machine ? config;
      value = deepSeq facts facts;
      kernelPath =
        if there && isSystem && !reached ? at then value.kernel.drvPath or null else null;
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
        else if !isSystem then
          report {
            host = name;
            foreign = if isAttrs machine then attrNames machine else [ ];
          } null
        else if reached ? at then
          report {
            host = name;
            missing = reached.names;
            inherit (reached) at;
          } null
        else
          report {
            host = name;
            ${if target ? output then "output" else "facts"} = value;
          } null;
      ended = if pulse == null then null else builtins.seq (pulse (index + 1)) (report { end = name; } null);
    in
    builtins.seq begun (
      builtins.seq said (
        builtins.seq kernelSaid (
          builtins.seq ended (if newKernel then seen // { ${kernelPath} = true; } else seen)
        )
      )
    );
in
builtins.seq (foldl' step { } (builtins.genList (index: index) (builtins.length order))) true
