# Packages from Debian's, by their Debian names. What a package needs to run is found by its dependencies; its programs are
# pointed at the loader and the libraries in the store, so nothing of the machine they run on is used.
{ index, build }:
let
  inherit (builtins) elem filter mapAttrs;
  known = index.packages;

  # Needed to install a package the Debian way, and never to run it.
  installOnly = [
    "adduser"
    "debconf"
    "dpkg"
    "init-system-helpers"
    "libfile-find-rule-perl"
    "libnumber-compare-perl"
    "libperl5.36"
    "libtext-glob-perl"
    "lsb-base"
    "passwd"
    "perl"
    "perl-base"
    "perl-modules-5.36"
    "sysvinit-utils"
    "tar"
    "usrmerge"
  ];

  # 5:7.0.15-1~deb12u10 → 7.0.15-1~deb12u10
  versionOf =
    name:
    let
      parts = builtins.match "([0-9]+:)?(.*)" known.${name}.version;
    in
    builtins.elemAt parts 1;

  archive =
    name:
    build.fixed {
      name = known.${name}.file;
      hash = known.${name}.sha256;
    };

  # All a package depends on, itself included.
  closure =
    names:
    map (item: item.key) (
      builtins.genericClosure {
        startSet = map (key: { inherit key; }) names;
        operator =
          item: map (key: { inherit key; }) (filter (name: !elem name installOnly) known.${item.key}.depends);
      }
    );

  # The files of a .deb without /usr in their paths. They refer to nothing, so the cycle of libc6 and libgcc-s1 does no harm.
  unpacked = mapAttrs (
    name: _:
    build.runCommand (build.storeName "${name}-files-${versionOf name}") { deb = archive name; } ''
      mkdir "$out"
      cd "$out"
      ar -p "$deb" data.tar.xz | xz -dc | tar -x -o -f -
      [ ! -d usr ] || { cp -a usr/. .; rm -rf usr; }
      rm -rf share/doc share/man share/locale share/info share/lintian share/bug
    ''
  ) known;

  program =
    pname: debs:
    let
      name = builtins.head debs;
      version = versionOf name;
      libraries = map (dependency: unpacked.${dependency}) (closure debs);
      tools = map (dependency: unpacked.${dependency}) (closure [ "patchelf" ]);
    in
    build.runCommand (build.storeName "${pname}-${version}")
      {
        sources = map (deb: unpacked.${deb}) debs;
        inherit libraries tools;
        inherit (build) triplet;
        libc = unpacked.libc6;
        patchelf = unpacked.patchelf;
      }
      ''
        rpath=
        for library in $libraries; do
          [ ! -d "$library/lib/$triplet" ] || rpath="$rpath:$library/lib/$triplet"
        done
        toolPath=
        for tool in $tools; do toolPath="$toolPath:$tool/lib/$triplet"; done
        loader=$(echo "$libc/lib/$triplet"/ld-linux*.so.*)
        patchelf() { "$loader" --library-path "''${toolPath#:}" "$patchelf/bin/patchelf" "$@"; }

        mkdir "$out"
        for source in $sources; do cp -a "$source/." "$out/"; chmod -R u+w "$out"; done
        find "$out" -type f -perm -100 | while read -r file; do
          patchelf --print-interpreter "$file" >/dev/null 2>&1 || continue
          patchelf --set-interpreter "$loader" --force-rpath --set-rpath "''${rpath#:}" "$file"
        done
      ''
    // {
      inherit pname version;
      meta.description = "Debian's ${name}";
    };

  special = {
    # Debian's redis-server is a link to a program of redis-tools.
    redis = program "redis" [
      "redis-server"
      "redis-tools"
    ];
    busybox = build.busybox // {
      pname = "busybox";
      inherit (index.busybox) version;
    };
  };
in
{
  # Name → the package, with programs that run.
  programs = mapAttrs (name: _: program name [ name ]) (removeAttrs known installOnly) // special;
  # Name → its files as they are.
  inherit unpacked;
}
