#!/bin/sh
# The whole check of a commit: lint, then the tests; pytest's closing line comes last.
set -eu
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
    sh scripts/lint.sh
    set -- tests/app tests/bench tests/stack
fi
exec .venv/bin/pytest -c app/pyproject.toml "$@"
