#!/bin/sh
# Style, types and layers.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/ruff check app tests scripts pkgs
.venv/bin/ruff format --check app tests scripts pkgs
# Tests and scripts import their neighbours by bare names, as pytest and `python FOLDER` do; the
# end-to-end tests are looked at apart, because a second conftest would have the same name.
export MYPYPATH=app:tests/app:tests/nix:tests/stack:tests/vm:scripts:scripts/setup:pkgs:pkgs/installer
mypy=".venv/bin/mypy --config-file app/pyproject.toml --explicit-package-bases"
# A testScript finds its machines as globals: it is no module that mypy could read.
$mypy app/hearth tests/app tests/nix tests/stack tests/vm scripts pkgs --exclude tests/app/e2e --exclude tests/nix/examples
MYPYPATH=$MYPYPATH:tests/app/e2e:tests/bench $mypy tests/app/e2e tests/bench tests/long --exclude tests/bench/stack_machines.py
(cd app && ../.venv/bin/lint-imports)
