# nixosFleet.kernel: which kernel a machine runs, its configuration symbols, and modules that its initrd may lack.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.nixosFleet.kernel;
  kconfig = import ../lib/kconfig.nix lib;
  inherit (config.boot.kernelPackages) kernel;

  configFile =
    if cfg.configFile != null then
      cfg.configFile
    else if cfg.minimal then
      ../kconfigs/minimal-vm.config
    else
      null;
  manual = configFile != null;
  manualSymbols = kconfig.read configFile;
  # Symbols known at evaluation; null if they are only known once the configuration is built.
  known =
    if manual then
      name: manualSymbols.${name} or "n"
    else
      name: (kernel.configfile.structuredConfig.${name} or { }).tristate or null;
  judge = rec {
    isSet = name: known name == null || known name != "n";
    getValue = known;
    isYes = name: known name == null || known name == "y";
    isModule = name: known name == null || known name == "m";
    isEnabled =
      name:
      known name == null
      || lib.elem (known name) [
        "y"
        "m"
      ];
    isNo = name: known name == null || known name == "n";
    isDisabled = isNo;
  };
  lacking = lib.unique (
    map (item: item.configLine) (
      lib.filter (item: !(item.assertion judge)) config.system.requiredKernelConfig
    )
  );

  base = if cfg.package != null then cfg.package else pkgs.linuxPackages.kernel;
  plain =
    if manual then
      pkgs.linuxManualConfig {
        inherit (base) src version modDirVersion;
        configfile = configFile;
        config = kconfig.manualConfig manualSymbols;
        features.efiBootStub = manualSymbols.EFI_STUB or "n" == "y";
      }
    else
      base;
  # Compiles without the cache if it is not writable. ccache itself would fail, and with it Kbuild's tests of the assembler.
  cached = plain.override {
    stdenv = pkgs.ccacheStdenv.override {
      extraConfig = ''
        export CCACHE_DIR=${lib.escapeShellArg cfg.ccache.directory}
        export CCACHE_COMPRESS=1
        export CCACHE_UMASK=007
        export CCACHE_SLOPPINESS=random_seed
        if ! [ -w "$CCACHE_DIR" ]; then
          export CCACHE_DISABLE=1
        fi
      '';
    };
  };
  chosen = if cfg.ccache.enable then cached else plain;
  changed = cfg.package != null || manual || cfg.ccache.enable;
in
{
  options.nixosFleet.kernel = {
    package = mkOption {
      type = types.nullOr types.package;
      default = null;
      example = lib.literalExpression "pkgs.linux_latest";
      description = "Kernel to run (a kernel, not a package set such as `pkgs.linuxPackages`). null: NixOS's default.";
    };
    configFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "../kconfigs/minimal-vm.config";
      description = ''
        A `.config` file that replaces NixOS's common configuration: other symbols have Kconfig's defaults. The source is that of
        `package`.
      '';
    };
    structuredConfig = mkOption {
      type = types.attrsOf (
        types.oneOf [
          types.bool
          types.int
          types.str
        ]
      );
      default = { };
      example = {
        KVM = "m";
        DEBUG_INFO_NONE = false;
        NR_CPUS = 64;
      };
      description = ''
        Symbols to change on top of NixOS's common configuration, without `CONFIG_`: `"y"` or true, `"m"`, `"n"` or false, or a value.
        A preview shows each of them.
      '';
    };
    patches = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = lib.literalExpression "{ quieter-console = ./quieter-console.patch; }";
      description = "Patches of the kernel's source, by name.";
    };
    ccache = {
      enable = lib.mkEnableOption ''
        compiling the kernel with ccache. The folder must exist, and be visible in the sandbox, on the machine that *builds*; otherwise
        the kernel compiles without a cache. This sets both up on the machine itself, for one that builds its own kernel
      '';
      directory = mkOption {
        type = types.path;
        default = "/var/cache/ccache";
        description = "Folder of the cache on the machine that builds.";
      };
    };
    minimal = mkOption {
      type = types.bool;
      default = false;
      description = ''
        A kernel for virtual machines, with what QEMU's virtio devices and NixOS need and little else, nearly all built in:
        `configFile` is kconfigs/minimal-vm.config.
      '';
    };
    absentModules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "floppy" ];
      description = ''
        Modules that NixOS lists for the initrd and this kernel does not have. Only these are left out; any other missing module is
        still an error ("Module … not found" in `modules-shrunk`).
      '';
    };
    requiredConfig = mkOption {
      type = types.enum [
        "error"
        "warning"
        "ignore"
      ];
      default = "error";
      description = ''
        What happens if the configuration lacks symbols that the machine's services require (`system.requiredKernelConfig`). NixOS
        itself no longer checks them. For kernels with NixOS's common configuration, only symbols known at evaluation are checked.
      '';
    };
    lacking = mkOption {
      type = types.listOf types.str;
      readOnly = true;
      default = if config.boot.isContainer then [ ] else lacking;
      defaultText = lib.literalMD "found at evaluation";
      description = "Required symbols that the kernel's configuration lacks, as lines of a `.config`.";
    };
  };

  config = mkIf (!config.boot.isContainer) (
    lib.mkMerge [
      (mkIf changed { boot.kernelPackages = pkgs.linuxPackagesFor chosen; })
      (mkIf (cfg.structuredConfig != { }) {
        boot.kernelPatches = [
          {
            name = "nixos-fleet-config";
            patch = null;
            structuredExtraConfig = kconfig.structured cfg.structuredConfig;
          }
        ];
      })
      {
        boot.kernelPatches = lib.mapAttrsToList (name: patch: { inherit name patch; }) cfg.patches;
        boot.initrd.availableKernelModules = lib.genAttrs cfg.absentModules (_: lib.mkForce false);
      }
      (mkIf manual {
        # Such a kernel has few modules: others that the initrd lists are built in or not needed.
        boot.initrd.allowMissingModules = lib.mkDefault true;
        boot.initrd.includeDefaultModules = lib.mkDefault false;
      })
      (mkIf cfg.ccache.enable {
        nix.settings.extra-sandbox-paths = [ cfg.ccache.directory ];
        systemd.tmpfiles.settings.nixos-fleet-ccache.${cfg.ccache.directory}.d = {
          mode = "0770";
          user = "root";
          group = "nixbld";
        };
      })
      {
        assertions = [
          {
            assertion = !(manual && cfg.structuredConfig != { });
            message = ''
              nixosFleet.kernel.structuredConfig (${lib.concatStringsSep ", " (lib.attrNames cfg.structuredConfig)}) has no effect on a kernel with a whole configuration file.
              Write the symbols into ${toString configFile}, or leave out configFile and minimal.
            '';
          }
          {
            assertion = !(cfg.minimal && cfg.configFile != null);
            message = "nixosFleet.kernel.minimal and nixosFleet.kernel.configFile both decide the whole configuration: set one of them.";
          }
          {
            assertion =
              !(changed && options.boot.kernelPackages.highestPrio < lib.modules.defaultOverridePriority);
            message = "boot.kernelPackages is forced elsewhere, so nixosFleet.kernel.{package,configFile,minimal,ccache} have no effect: set one of the two.";
          }
          {
            assertion = cfg.requiredConfig != "error" || cfg.lacking == [ ];
            message = ''
              The kernel's configuration lacks what this machine needs:
              ${lib.concatMapStringsSep "\n" (line: "  ${line}") cfg.lacking}
              Add these lines to ${
                if manual then toString configFile else "nixosFleet.kernel.structuredConfig"
              }, or set nixosFleet.kernel.requiredConfig to "warning".
            '';
          }
        ];
        warnings = lib.optional (cfg.requiredConfig == "warning" && cfg.lacking != [ ]) ''
          The kernel's configuration lacks what this machine needs: ${lib.concatStringsSep " " cfg.lacking}
        '';
      }
    ]
  );
}
