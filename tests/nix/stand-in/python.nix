# A Python whose packages say what poetry2nix has made of the lock, and are built of nothing.
{ lib, pkgs }:
let
  version = "3.13.2";
  numbers = lib.splitVersion version;

  # With the arguments of nixpkgs 26.05: another one is an error, as it is there.
  builders = {
    build = lib.makeOverridable (
      {
        buildPythonPackage ? null,
        flit-core ? null,
        packaging ? null,
        pyproject-hooks ? null,
      }:
      pkgs.writeText "build" ""
    ) { };
    pyproject-hooks = lib.makeOverridable (
      {
        buildPythonPackage ? null,
        flit-core ? null,
      }:
      pkgs.writeText "pyproject-hooks" ""
    ) { };
  };

  # What poetry2nix takes from nixpkgs' own set.
  ofNixpkgs = lib.genAttrs [
    "flit-core"
    "packaging"
    "poetry-core"
    "pybind11"
    "pypaInstallHook"
    "setuptools"
    "setuptools-scm"
    "wheelUnpackHook"
  ] (
    name:
    let
      package = pkgs.writeText name "" // {
        override = _: package;
        overridePythonAttrs = _: package;
      };
    in
    package
  );

  make =
    changes:
    let
      build =
        arguments:
        pkgs.stdenv.mkDerivation (arguments // { name = "python-${arguments.pname}"; })
        // {
          inherit arguments;
          overridePythonAttrs =
            change: build (arguments // (if lib.isFunction change then change arguments else change));
        };
      set = final: {
        inherit pkgs python;
        inherit (pkgs) stdenv;
        buildPythonPackage = lib.makeOverridable build;
        callPackage = pkgs.newScope final;
        hasPythonModule = package: package ? arguments;
        isPy27 = false;
        isPy3k = true;
        isPyPy = false;
        requiredPythonModules = lib.id;
      };
      python = {
        inherit version;
        inherit (pkgs) stdenv;
        inherit (pkgs.python3) interpreter meta outPath;
        pname = "python3";
        implementation = "cpython";
        pythonAttr = "python313";
        pythonOnBuildForHost = bare;
        pythonVersion = lib.versions.majorMinor version;
        passthru = {
          inherit (python) implementation pythonVersion;
          sourceVersion = {
            major = lib.elemAt numbers 0;
            minor = lib.elemAt numbers 1;
            patch = lib.elemAt numbers 2;
            suffix = "";
          };
        };
        override = { packageOverrides, ... }: make packageOverrides;
        pkgs = lib.fix (lib.extends changes (final: ofNixpkgs // builders // set final));
        buildEnv.override = lib.id;
      };
    in
    python;
  bare = make (_: _: { });
in
bare
