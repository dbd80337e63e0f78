# Derivations without nixpkgs: busybox is the builder, in the real sandbox.
{ index }:
rec {
  inherit (index) system;
  triplet = builtins.replaceStrings [ "-linux" ] [ "-linux-gnu" ] index.system;

  # Put into the store by the set-up: Nix finds the output there and never runs this.
  fixed =
    {
      name,
      hash,
      mode ? "flat",
    }:
    derivation {
      inherit name system;
      builder = "/bin/sh";
      args = [
        "-c"
        "echo '${name} is not in the Nix store any more: run the set-up again: setup/with setup/lab-base' >&2; exit 1"
      ];
      outputHashMode = mode;
      outputHashAlgo = "sha256";
      outputHash = hash;
    };

  busybox = fixed {
    name = "busybox-${index.busybox.version}";
    inherit (index.busybox) hash;
    mode = "recursive";
  };

  # Runs a script (sh -eu) that makes $out. `environment` is seen by it as variables.
  runCommand =
    name: environment: script:
    derivation (
      {
        inherit name system;
        builder = "${busybox}/bin/busybox";
        args = [
          "sh"
          "-eu"
          (builtins.toFile "builder.sh" script)
        ];
        PATH = "${busybox}/bin";
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // environment
    );

  writers = {
    # Text may be long, so it goes by a file and not by a variable.
    writeText =
      name: text:
      runCommand name {
        inherit text;
        passAsFile = [ "text" ];
      } ''cp "$textPath" "$out"'';

    writeTextDir =
      path: text:
      runCommand (baseNameOf path) {
        inherit text path;
        passAsFile = [ "text" ];
      } ''mkdir -p "$(dirname "$out/$path")"; cp "$textPath" "$out/$path"'';

    # A program in sh (busybox), as a file or as bin/NAME of a package.
    writeScript = name: text: runCommand name (script text) ''cp "$textPath" "$out"; chmod 555 "$out"'';
    writeScriptBin =
      name: text:
      runCommand name (script text)
        ''mkdir -p "$out/bin"; cp "$textPath" "$out/bin/$name"; chmod 555 "$out/bin/$name"'';
  };
  script = text: {
    text = "#!${busybox}/bin/sh\n${text}";
    passAsFile = [ "text" ];
  };

  # Store names know fewer characters than Debian's versions.
  storeName =
    text:
    builtins.concatStringsSep "" (
      map (part: if builtins.isString part then part else "-") (builtins.split "[^A-Za-z0-9+._-]" text)
    );
}
