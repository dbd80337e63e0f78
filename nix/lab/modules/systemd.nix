{
  config,
  lib,
  build,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  inherit (builtins)
    attrNames
    concatStringsSep
    isBool
    isList
    ;

  # One line a value; lists give several, as systemd reads them.
  line =
    name: value:
    if value == null then
      ""
    else if isList value then
      concatStringsSep "" (map (line name) value)
    else
      "${name}=${if isBool value then (if value then "true" else "false") else toString value}\n";
  section =
    name: values:
    if values == { } then
      ""
    else
      "[${name}]\n${concatStringsSep "" (map (key: line key values.${key}) (attrNames values))}\n";
  words = name: list: if list == [ ] then { } else { ${name} = concatStringsSep " " list; };
  quote =
    text: "\"${builtins.replaceStrings [ "\\" "\"" "%" "\n" ] [ "\\\\" "\\\"" "%%" "\\n" ] text}\"";

  common = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "If not, the unit is masked.";
    };
    description = mkOption {
      type = types.str;
      default = "";
      description = "What it is, in systemctl's lists.";
    };
    wantedBy = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Targets that start it.";
    };
    requiredBy = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Units that need it.";
    };
    wants = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Units started with it.";
    };
    requires = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Units it needs.";
    };
    after = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Units it starts after.";
    };
    before = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Units it starts before.";
    };
    unitConfig = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      description = "More lines of [Unit].";
    };
  };
  serviceOptions = common // {
    serviceConfig = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      description = "Lines of [Service].";
    };
    environment = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Environment variables.";
    };
    script = mkOption {
      type = types.lines;
      default = "";
      description = "What it runs, in sh, instead of ExecStart.";
    };
    restartTriggers = mkOption {
      type = types.listOf types.anything;
      default = [ ];
      description = "A change of these restarts it.";
    };
    restartIfChanged = mkOption {
      type = types.bool;
      default = true;
      description = "Whether a change restarts it.";
    };
    reloadIfChanged = mkOption {
      type = types.bool;
      default = false;
      description = "Whether a change reloads it instead.";
    };
    stopIfChanged = mkOption {
      type = types.bool;
      default = true;
      description = "Whether a changed one stops before the activation and starts after it.";
    };
  };

  unitSection =
    unit: extra:
    section "Unit" (
      {
        X-Managed = "nixos-fleet-lab";
      }
      // (if unit.description == "" then { } else { Description = unit.description; })
      // words "Wants" unit.wants
      // words "Requires" unit.requires
      // words "After" unit.after
      // words "Before" unit.before
      // extra
      // unit.unitConfig
    );
  unitOf = unit: text: {
    inherit (unit) enable wantedBy requiredBy;
    inherit text;
  };
  serviceUnit =
    name: service:
    unitOf service (
      unitSection service (
        (
          if service.restartTriggers == [ ] then
            { }
          else
            { X-Restart-Triggers = concatStringsSep " " (map toString service.restartTriggers); }
        )
      )
      + section "Service" (
        {
          Environment = map (key: quote "${key}=${service.environment.${key}}") (
            attrNames service.environment
          );
        }
        // (
          if service.script == "" then
            { }
          else
            { ExecStart = "${build.writers.writeScriptBin "${name}-start" service.script}/bin/${name}-start"; }
        )
        // (if service.restartIfChanged then { } else { X-RestartIfChanged = false; })
        // (if service.reloadIfChanged then { X-ReloadIfChanged = true; } else { })
        // (if service.stopIfChanged then { } else { X-StopIfChanged = false; })
        // service.serviceConfig
      )
    );

  suffixed =
    suffix: render: units:
    builtins.listToAttrs (
      map (name: {
        name = "${name}.${suffix}";
        value = render name units.${name};
      }) (attrNames units)
    );

  unitsFolder = import ../lib/units-folder.nix { inherit build; };
  unitFiles =
    description:
    mkOption {
      type = types.attrsOf (
        types.submodule {
          inherit (common) enable wantedBy requiredBy;
          text = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "The unit file.";
          };
          overrideStrategy = mkOption {
            type = types.str;
            default = "wholeFile";
            description = "`asDropin` where the text adds to a unit that is not the system's own.";
          };
        }
      );
      default = { };
      inherit description;
    };
in
{
  options.systemd = {
    services = mkOption {
      type = types.attrsOf (types.submodule serviceOptions);
      default = { };
      description = "Services by name.";
    };
    timers = mkOption {
      type = types.attrsOf (
        types.submodule (
          common
          // {
            timerConfig = mkOption {
              type = types.attrsOf types.anything;
              default = { };
              description = "Lines of [Timer].";
            };
          }
        )
      );
      default = { };
      description = "Timers by name.";
    };
    targets = mkOption {
      type = types.attrsOf (types.submodule common);
      default = { };
      description = "Targets by name.";
    };
    settings.Manager = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      description = "Lines of [Manager] in system.conf; a change of them makes a switch re-execute systemd.";
    };
    units = unitFiles "Units by full name; the options above make these.";
    user.services = mkOption {
      type = types.attrsOf (types.submodule serviceOptions);
      default = { };
      description = "Services of users, by name; they run where the user has a running systemd, see users.users.<name>.linger.";
    };
    user.units = unitFiles "Units of users by full name.";
  };

  options.system.build.units = mkOption {
    type = types.package;
    description = "The folder with the unit files.";
  };

  config = {
    systemd.units =
      suffixed "service" serviceUnit config.systemd.services
      // suffixed "timer" (
        _: timer: unitOf timer (unitSection timer { } + section "Timer" timer.timerConfig)
      ) config.systemd.timers
      // suffixed "target" (_: target: unitOf target (unitSection target { })) config.systemd.targets;

    # Starts again what runs before sysinit.target and changed.
    systemd.targets.sysinit-reactivation.description = "Reactivate sysinit units";
    systemd.user.units = suffixed "service" serviceUnit config.systemd.user.services;
    # As in NixOS one folder; on the machine its files are linked one by one, beside Debian's own.
    environment.etc."systemd/system".source = config.system.build.units;
    environment.etc."systemd/user" = mkIf (config.systemd.user.units != { }) {
      source = unitsFolder "user-units" config.systemd.user.units;
    };
    # Without settings it stays Debian's.
    environment.etc."systemd/system.conf" = mkIf (config.systemd.settings.Manager != { }) {
      text = section "Manager" config.systemd.settings.Manager;
    };

    system.build.units = unitsFolder "system-units" config.systemd.units;
  };
}
