{
  config,
  lib,
  build,
  ...
}:
let
  inherit (lib) mkOption types;
  entries = builtins.filter (entry: entry.enable) (builtins.attrValues config.environment.etc);
  sourceOf =
    entry:
    if entry.source != null then
      entry.source
    else
      build.writers.writeText (build.storeName "etc-${baseNameOf entry.target}") entry.text;
in
{
  options.environment = {
    etc = mkOption {
      type = types.attrsOf (
        types.submodule (name: {
          enable = mkOption {
            type = types.bool;
            default = true;
            description = "Whether the file is made.";
          };
          target = mkOption {
            type = types.str;
            default = name;
            description = "Where it is, under /etc.";
          };
          text = mkOption {
            type = types.nullOr types.lines;
            default = null;
            description = "What it says.";
          };
          source = mkOption {
            type = types.nullOr types.path;
            default = null;
            description = "Or the file it is.";
          };
          mode = mkOption {
            type = types.str;
            default = "symlink";
            description = "Octal mode of a copy, or `symlink`.";
          };
        })
      );
      default = { };
      description = "Files in /etc.";
    };
    systemPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages whose programs are on everybody's PATH.";
    };
  };

  options.system.build = {
    etc = mkOption {
      type = types.package;
      description = "The folder that becomes /etc/static.";
    };
    path = mkOption {
      type = types.package;
      description = "The folder that becomes /run/current-system/sw.";
    };
  };

  config.system.build = {
    etc =
      build.runCommand "etc"
        {
          files = builtins.concatStringsSep "\n" (
            map (entry: "${sourceOf entry} ${entry.mode} ${entry.target}") entries
          );
          passAsFile = [ "files" ];
        }
        ''
          mkdir -p "$out/etc"
          while read -r source mode target || [ -n "$source" ]; do
            mkdir -p "$(dirname "$out/etc/$target")"
            ln -s "$source" "$out/etc/$target"
            # As in NixOS: beside a file that is to be copied stands its mode.
            [ "$mode" = symlink ] || echo "$mode" >"$out/etc/$target.mode"
          done <"$filesPath"
        '';

    path = build.runCommand "system-path" { packages = config.environment.systemPackages; } ''
      mkdir -p "$out/bin"
      for package in $packages; do
        for program in "$package"/bin/* "$package"/sbin/* "$package"/games/*; do
          name=''${program##*/}
          [ ! -e "$program" ] || [ -e "$out/bin/$name" ] || ln -s "$program" "$out/bin/$name"
        done
      done
    '';
  };
}
