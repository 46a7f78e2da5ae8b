# Hub, pods, migrations, command line: the lock's base group, without the model libraries.
{
  lib,
  poetry2nix,
  pkg-config,
  python,
  source,
  stdenv,
  systemdLibs,
}:
let
  # poetry2nix fails at names of wheels that are younger than itself (Android, RISC-V, GraalPy), and
  # takes those of the free-threaded Python for the usual one's.
  fits =
    entry:
    let
      platform = "any|manylinux[^-]*_${stdenv.hostPlatform.parsed.cpu.name}";
    in
    !lib.hasSuffix ".whl" entry.file
    || builtins.match ".*-(none|abi3|cp[0-9]+)-(${platform})[.]whl" entry.file != null;

  bare = python.pythonOnBuildForHost.pkgs;

  application = poetry2nix.mkPoetryApplication {
    src = source;
    pwd = ../app;
    pyproject = ../app/pyproject.toml;
    poetrylock = ../app/poetry.lock;
    inherit python;
    groups = [ "main" ];
    checkGroups = [ ];
    extras = [
      "sample"
      "systemd"
    ];
    # Rust and C builds of a dozen packages would take an hour and change nothing.
    preferWheels = true;
    overrides = poetry2nix.defaultPoetryOverrides.extend (
      final: prev: {
        mkPoetryDep =
          package: prev.mkPoetryDep (package // { files = lib.filter fits package.files; });
        # Only for a build of Pillow from its source, of which we take the wheel.
        pytest-runner = null;
        # poetry2nix would hand both tomli, which they take no more since nixpkgs has no Python 3.10.
        build = bare.build.override {
          inherit (final)
            buildPythonPackage
            flit-core
            packaging
            pyproject-hooks
            ;
        };
        pyproject-hooks = bare.pyproject-hooks.override {
          inherit (final) buildPythonPackage flit-core;
        };
        hnswlib = prev.hnswlib.overridePythonAttrs (old: {
          nativeBuildInputs = (old.nativeBuildInputs or [ ]) ++ [
            final.pybind11
            final.setuptools
          ];
          # One build for every processor, not for the one that builds.
          HNSWLIB_NO_NATIVE = true;
        });
        systemd-python = prev.systemd-python.overridePythonAttrs (old: {
          nativeBuildInputs = (old.nativeBuildInputs or [ ]) ++ [
            final.setuptools
            pkg-config
          ];
          buildInputs = (old.buildInputs or [ ]) ++ [ systemdLibs ];
        });
      }
    );
  };
in
# An environment rather than the bare program: the units run `bin/python -m hearth.services.…`.
application.dependencyEnv
