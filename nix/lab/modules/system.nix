# The toplevel: the folder a machine is switched to, with NixOS's interface.
{
  config,
  lib,
  pkgs,
  build,
  boot,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (builtins) attrNames concatStringsSep filter;
  cfg = config.system;
  boots = !config.boot.isContainer;
  failed = map (item: item.message) (filter (item: !item.assertion) config.assertions);
  checked =
    value:
    if failed != [ ] then
      throw "\nFailed assertions:\n${concatStringsSep "\n" (map (message: "- ${message}") failed)}"
    else
      builtins.foldl' (
        result: warning: builtins.trace "warning: ${warning}" result
      ) value config.warnings;

  # /etc and users first: others' snippets may need them.
  order = [
    "etc"
    "hostname"
    "users"
  ];
  snippets =
    filter (name: cfg.activationScripts ? ${name}) order
    ++ filter (name: !builtins.elem name order) (attrNames cfg.activationScripts);
  script = name: build.writers.writeText (build.storeName "snippet-${name}");
  checks = attrNames cfg.preSwitchChecks;
in
{
  options.system = {
    name = mkOption {
      type = types.str;
      default = config.networking.hostName;
      description = "Name of the system.";
    };
    stateVersion = mkOption {
      type = types.str;
      default = "26.05";
      description = "Release the machine's data began with.";
    };
    configurationRevision = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Revision of the configuration.";
    };
    nixos = {
      version = mkOption {
        type = types.str;
        default = "lab-${pkgs.libc6.version}";
        description = "Version: that of the Debian C library.";
      };
      label = mkOption {
        type = types.str;
        default = build.storeName cfg.nixos.version;
        description = "What boot entries show.";
      };
      revision = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "There is no nixpkgs in it.";
      };
    };
    activationScripts = mkOption {
      type = types.attrsOf (
        types.submodule {
          text = mkOption {
            type = types.lines;
            default = "";
            description = "The script, in sh.";
          };
        }
      );
      default = { };
      description = "Scripts that run when the system is activated, each in a shell of its own.";
    };
    preSwitchChecks = mkOption {
      type = types.attrsOf types.lines;
      default = { };
      description = "Scripts that run before anything changes; one that fails stops the switch. They get the new system and the action.";
    };
    switch.inhibitors = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "What must not change under a running system: while a value differs that both systems have, a switch is refused.";
    };
    initInterfaceVersion = mkOption {
      type = types.str;
      default = "systemd 2";
      description = "A system with another one cannot be switched to, only booted.";
    };
    build.toplevel = mkOption {
      type = types.package;
      description = "The system.";
    };
  };

  config = {
    system.activationScripts.etc.text = builtins.readFile ../system/setup-etc.sh;
    system.preSwitchChecks.switchInhibitors = builtins.readFile ../system/switch-inhibitors.sh;

    system.build.toplevel = checked (
      build.runCommand (build.storeName "nixos-system-${cfg.name}-${cfg.nixos.label}") {
        inherit (cfg.build) etc path;
        inherit (cfg.nixos) label;
        inherit (cfg) initInterfaceVersion;
        inherit (build) busybox;
        platform = build.system;
        postBoot = build.writers.writeText "post-boot-commands" config.boot.postBootCommands;
        inherit (config.boot.loader) timeout;
        kernelParams = concatStringsSep " " config.boot.kernelParams;
        inhibitors = builtins.toJSON cfg.switch.inhibitors;
        specialisationNames = attrNames config.specialisation;
        specialisations = map (
          name: config.specialisation.${name}.configuration.system.build.toplevel
        ) (attrNames config.specialisation);
        snippetNames = snippets;
        snippetFiles = map (name: script name cfg.activationScripts.${name}.text) snippets;
        checkNames = checks;
        checkFiles = map (name: script name cfg.preSwitchChecks.${name}) checks;
        activateSource = ../system/activate.sh;
        initSource = ../system/init.sh;
        switchSource = ../system/switch-to-configuration.sh;
        switchUnitsSource = ../system/switch-units.sh;
        switchUserUnitsSource = ../system/switch-user-units.sh;
        bootEntriesSource =
          if config.boot.loader.grub.enable then
            ../system/boot-entries-grub.sh
          else
            ../system/boot-entries.sh;
        checksSource = ../system/pre-switch-checks.sh;
        # All empty in a container.
        kernel = if boots then config.boot.kernelPackages.kernel else "";
        kernelModules = if boots then cfg.modulesTree else "";
        initrd = if boots then cfg.build.initialRamdisk else "";
        bootLoader =
          if !boots then
            ""
          else if config.boot.loader.grub.enable then
            boot.grub
          else
            boot.systemdBoot;
      } (builtins.readFile ../system/make-toplevel.sh)
      // {
        pname = "nixos-system-${cfg.name}";
        version = cfg.nixos.label;
      }
    );
  };
}
