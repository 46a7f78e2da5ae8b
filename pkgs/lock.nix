# What poetry.lock says about a package, so that a version and its hash are written once.
{ lib, fetchPypi }:
let
  packages = (lib.importTOML ../app/poetry.lock).package;
  known = lib.groupBy (package: package.name) packages;
in
rec {
  package =
    name:
    lib.head (known.${name} or (throw "app/poetry.lock has no package ${name}: run `make lock`"));

  version = name: (package name).version;

  # The source distribution of a package, at the lock's version and hash.
  source =
    name:
    let
      ending = "-${version name}.tar.gz";
      file = lib.findFirst (file: lib.hasSuffix ending file.file) (throw "app/poetry.lock: ${name} has no source distribution") (
        package name
      ).files;
    in
    fetchPypi {
      pname = lib.removeSuffix ending file.file;
      version = version name;
      sha256 = lib.removePrefix "sha256:" file.hash;
    };
}
