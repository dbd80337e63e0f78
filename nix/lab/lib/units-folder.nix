# A folder with unit files, as systemd reads one.
{ build }:
name: units:
let
  inherit (builtins) attrNames filter;
  enabled = filter (name: units.${name}.enable) (attrNames units);
  wanted =
    kind: folder:
    builtins.concatMap (
      name: map (target: "${target}.${folder}/${name}") units.${name}.${kind}
    ) enabled;
in
build.runCommand name
  {
    places = map (
      name: if units.${name}.overrideStrategy == "asDropin" then "${name}.d/overrides.conf" else name
    ) enabled;
    files = map (
      name: build.writers.writeText (build.storeName "unit-${name}") units.${name}.text
    ) enabled;
    masked = filter (name: !units.${name}.enable) (attrNames units);
    wanted = wanted "wantedBy" "wants" ++ wanted "requiredBy" "requires";
  }
  ''
    mkdir "$out"
    cd "$out"
    set -- $files
    for place in $places; do
      mkdir -p "$(dirname "$place")"
      # Copies: systemd takes a link to a file of another name for an alias.
      cp "$1" "$place"
      shift
    done
    for name in $masked; do ln -s /dev/null "$name"; done
    for link in $wanted; do
      mkdir -p "$(dirname "$link")"
      ln -s "../''${link##*/}" "$link"
    done
  ''
