#!/bin/sh
# Every benchmark in turn; each writes build/bench/NAME.json.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python tests/bench/turn.py
