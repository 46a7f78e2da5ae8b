# Hub, pods, migrations, command line: the lock's base group, without the model libraries.
{
  poetry2nix,
  pkg-config,
  python,
  source,
  systemdLibs,
}:
let
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
