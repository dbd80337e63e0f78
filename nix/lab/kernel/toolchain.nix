# Debian's compiler and the tools of a kernel build, as one tree in the store: programs find their loader and libraries there, and
# gcc its headers. Builds see nothing of the computer they run on.
{ index, build }:
let
  fixed =
    name:
    build.fixed {
      name = index.packages.${name}.file;
      hash = index.packages.${name}.sha256;
    };
  isSource = name: builtins.match "linux-source-.*" name != null;
  packages = builtins.filter (name: !isSource name) (builtins.attrNames index.packages);
  version = builtins.head (builtins.match "([^-]*)-.*" index.packages.gcc-12.version);
in
build.runCommand "kernel-toolchain-${version}"
  {
    debs = map fixed packages;
    inherit (build) busybox triplet;
  }
  ''
    mkdir "$out"
    cd "$out"
    # One level: lib and usr/lib, bin and usr/bin are the same folder.
    mkdir bin include lib lib64 share
    ln -s . usr
    ln -s bin sbin
    for deb in $debs; do
      mkdir "$NIX_BUILD_TOP/unpacked"
      ar -p "$deb" data.tar.xz | xz -dc | tar -x -o -f - -C "$NIX_BUILD_TOP/unpacked"
      for folder in bin sbin lib lib64 include share; do
        for from in "$NIX_BUILD_TOP/unpacked/usr/$folder" "$NIX_BUILD_TOP/unpacked/$folder"; do
          [ ! -d "$from" ] || cp -af "$from/." "$folder/"
        done
      done
      rm -rf "$NIX_BUILD_TOP/unpacked"
    done
    chmod -R u+w .
    rm -rf share/doc share/man share/locale share/info share/lintian share/bug lib/systemd

    loader=$out/$(ls lib/$triplet/ld-linux*.so.* lib64/ld-linux*.so.* 2>/dev/null | head -n 1)
    libraries=$out/lib/$triplet
    cp bin/patchelf "$NIX_BUILD_TOP/patchelf"
    find bin lib/gcc lib/$triplet/perl-base libexec share -type f -perm -100 2>/dev/null | while read -r file; do
      "$loader" --library-path "$libraries" "$NIX_BUILD_TOP/patchelf" --print-interpreter "$file" >/dev/null 2>&1 || continue
      "$loader" --library-path "$libraries" "$NIX_BUILD_TOP/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$file"
    done

    # What it makes for this computer itself, such as Kconfig's programs, runs here, too.
    real=bin/$triplet-gcc-12
    [ -e "$real" ] || real=bin/x86_64-linux-gnu-gcc-12
    for name in gcc cc; do
      rm -f "bin/$name"
      {
        echo "#!$busybox/bin/sh"
        echo "exec $out/$real --sysroot=$out -Wl,--dynamic-linker=$loader -Wl,--disable-new-dtags -Wl,-rpath=$libraries \"\$@\""
      } >"bin/$name"
      chmod 555 "bin/$name"
    done
    ln -sf bash bin/sh
    ln -sf mawk bin/awk
    # Libraries' links are absolute where they are outside of the package's folder.
    find bin lib lib64 -type l | while read -r link; do
      target=$(readlink "$link")
      case $target in /*) ln -sf "$out$target" "$link" ;; esac
    done
    rm bin/perl5*
    mv bin/perl bin/perl-real
    {
      echo "#!$busybox/bin/sh"
      echo "export PERL5LIB=$libraries/perl-base"
      echo "exec $out/bin/perl-real \"\$@\""
    } >bin/perl
    chmod 555 bin/perl
  ''
// {
  pname = "kernel-toolchain";
  inherit version;
}
