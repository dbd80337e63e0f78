# Debian's kernel source, unpacked once for all kernels: without other architectures' code, documentation, and the largest of drivers.
{
  index,
  build,
  runCommand,
}:
let
  name = builtins.head (
    builtins.filter (name: builtins.match "linux-source-[0-9.]+" name != null) (
      builtins.attrNames index.packages
    )
  );
  package = index.packages.${name};
  version = builtins.head (builtins.match "([0-9.]+)-.*" package.version);
in
runCommand "linux-source-${version}"
  {
    deb = build.fixed {
      name = package.file;
      hash = package.sha256;
    };
  }
  ''
    mkdir "$out"
    # Kconfig reads all its files, and Kbuild those of what is configured.
    ar -p "$deb" data.tar.xz | xz -dc | tar -x -O -f - --wildcards '*/linux-source-*.tar.xz' | xz -dc -T0 | tar -x -o -f - -C "$out" --strip-components=1 --wildcards \
      --exclude='*/Documentation/*/*' --exclude='*/arch/[!x]*/*.[chS]' --exclude='*/arch/[!x]*/*.dts*' --exclude='*/arch/xtensa/*.[chS]' \
      --exclude='*/drivers/gpu/*.[ch]' --exclude='*/drivers/media/*.[ch]' --exclude='*/drivers/staging/*.[ch]' \
      --exclude='*/sound/*.[ch]' --exclude='*/drivers/net/wireless/*.[ch]' --exclude='*/drivers/net/ethernet/*/*.[ch]' \
      --exclude='*/tools/testing' --exclude='*/tools/perf'
    cd "$out"
    grep -rlE '^#! ?/(usr/)?bin/' scripts arch/x86 tools/objtool usr init kernel lib 2>/dev/null | while read -r file; do
      sed -i -E "1s,^#! ?/(usr/)?bin/(env )?([a-z]+),#!$toolchain/bin/\3," "$file"
    done
  ''
// {
  pname = "linux-source";
  inherit version;
}
