# Types of options, and how definitions of several modules become one value. A definition is { file; value; }.
rec {
  mkOption = declaration: { _type = "option"; } // declaration;
  isOption = value: value._type or null == "option";

  properties = rec {
    mkIf = condition: content: {
      _type = "if";
      inherit condition content;
    };
    mkOverride = priority: content: {
      _type = "override";
      inherit priority content;
    };
    # Loses against any other definition; wins over any other definition.
    mkDefault = mkOverride 1000;
    mkForce = mkOverride 50;
  };

  # An option or a tree of options, with the definitions made for it.
  evaluate =
    path: tree: definitions:
    if isOption tree then
      evaluateOption path tree definitions
    else
      let
        pushed = builtins.concatMap pushDown definitions;
        unknown = builtins.concatMap (
          definition:
          map (name: {
            inherit name;
            inherit (definition) file;
          }) (builtins.attrNames (removeAttrs (attributes path definition) (builtins.attrNames tree)))
        ) pushed;
        first = builtins.head unknown;
      in
      if unknown != [ ] then
        throw "The option `${show (path ++ [ first.name ])}' does not exist. Definition values:\n- In `${first.file}'"
      else
        builtins.mapAttrs (name: subtree: evaluate (path ++ [ name ]) subtree (under name pushed)) tree;

  evaluateOption =
    path: option: definitions:
    let
      given = strongest (builtins.concatMap discharge definitions);
    in
    if given != [ ] then
      option.type.merge path given
    else
      option.default
        or (throw "The option `${show path}' was accessed but has no value defined. Try setting the option.");

  # mkIf and mkOverride around an attribute set count for each of its attributes; the condition is looked at later.
  pushDown =
    { file, value, ... }:
    if value._type or null == "if" then
      map
        (inner: {
          inherit file;
          value = builtins.mapAttrs (_: properties.mkIf value.condition) inner.value;
        })
        (pushDown {
          inherit file;
          value = value.content;
        })
    else if value._type or null == "override" then
      map
        (inner: {
          inherit file;
          value = builtins.mapAttrs (_: properties.mkOverride value.priority) inner.value;
        })
        (pushDown {
          inherit file;
          value = value.content;
        })
    else
      [ { inherit file value; } ];

  # What is left of a definition when its conditions are known: none or one, with its priority.
  discharge =
    definition@{
      value,
      priority ? 100,
      ...
    }:
    if value._type or null == "if" then
      if value.condition then discharge (definition // { value = value.content; }) else [ ]
    else if value._type or null == "override" then
      discharge (
        definition
        // {
          value = value.content;
          inherit (value) priority;
        }
      )
    else
      [ (definition // { inherit priority; }) ];

  strongest =
    definitions:
    let
      best = builtins.foldl' (
        least: { priority, ... }: if priority < least then priority else least
      ) 9999 definitions;
    in
    builtins.filter ({ priority, ... }: priority == best) definitions;

  under =
    name: definitions:
    map (definition: {
      inherit (definition) file;
      value = definition.value.${name};
    }) (builtins.filter (definition: definition.value ? ${name}) definitions);

  attributes =
    path:
    { file, value, ... }:
    if builtins.isAttrs value then value else mismatch path "attribute set" [ { inherit file value; } ];

  show = builtins.concatStringsSep ".";
  mismatch =
    path: name: definitions:
    let
      first = builtins.head definitions;
      value = if builtins.isFunction first.value then "<function>" else builtins.toJSON first.value;
    in
    throw "A definition for option `${show path}' is not of type `${name}'. Definition values:\n- In `${first.file}': ${value}";

  # Types. merge: path → definitions (at least one) → value.
  simple = name: check: {
    inherit name;
    merge =
      path: definitions:
      let
        wrong = builtins.filter (definition: !check definition.value) definitions;
        value = (builtins.head definitions).value;
        other = builtins.filter (definition: definition.value != value) definitions;
      in
      if wrong != [ ] then
        mismatch path name wrong
      else if other != [ ] then
        throw "The option `${show path}' has conflicting definition values:\n${
          builtins.concatStringsSep "\n" (map (d: "- In `${d.file}': ${builtins.toJSON d.value}") definitions)
        }"
      else
        value;
  };
  bool = simple "boolean" builtins.isBool;
  int = simple "signed integer" builtins.isInt;
  port = simple "16 bit unsigned integer; between 0 and 65535 (both inclusive)" (
    value: builtins.isInt value && value >= 0 && value <= 65535
  );
  str = simple "string" builtins.isString;
  isPackage = value: builtins.isAttrs value && value ? outPath;
  package = simple "package" isPackage;
  path = simple "absolute path" (
    value: isPackage value || builtins.isPath value || builtins.isString value
  );
  anything = simple "anything" (_: true);

  nullOr = type: {
    name = "null or ${type.name}";
    merge =
      path: definitions:
      if builtins.all (definition: definition.value == null) definitions then
        null
      else
        type.merge path definitions;
  };

  lines = {
    name = "strings concatenated with \"\\n\"";
    merge =
      path: definitions: builtins.concatStringsSep "\n" (map (d: str.merge path [ d ]) definitions);
  };

  listOf = type: {
    name = "list of ${type.name}";
    merge =
      path: definitions:
      builtins.concatMap (
        definition:
        if builtins.isList definition.value then
          builtins.concatMap (
            value:
            map (left: type.merge path [ left ]) (discharge {
              inherit (definition) file;
              inherit value;
            })
          ) definition.value
        else
          mismatch path "list of ${type.name}" [ definition ]
      ) definitions;
  };

  attrsOf = type: {
    name = "attribute set of ${type.name}";
    merge =
      path: definitions:
      let
        pushed = builtins.concatMap pushDown definitions;
        names = builtins.attrNames (builtins.foldl' (all: d: all // attributes path d) { } pushed);
        of = name: builtins.concatMap discharge (under name pushed);
      in
      builtins.listToAttrs (
        map (name: {
          inherit name;
          value = type.merge (path ++ [ name ]) (strongest (of name));
        }) (builtins.filter (name: of name != [ ]) names)
      );
  };

  # A tree of options inside another; a function gets the attribute's name.
  submodule = options: {
    name = "submodule";
    merge =
      path: definitions:
      let
        tree =
          if builtins.isFunction options then
            options (builtins.elemAt path (builtins.length path - 1))
          else
            options;
      in
      evaluate path tree definitions;
  };
}
