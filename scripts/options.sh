#!/bin/sh
# Write docs/options.md anew: options.sh NIXPKGS, the folder that `make eval` takes too. Where this
# machine has nix-instantiate, a folder with nixpkgs' lib in it is enough.
set -eu
cd "$(dirname "$0")/.."
nixpkgs=${1:-}
mkdir -p build
if [ -d "$nixpkgs/lib" ] && command -v nix-instantiate >/dev/null; then
    nix-instantiate --eval --strict --json --arg nixpkgs "$(realpath "$nixpkgs")" pkgs/options.nix > build/options.json
else
    NIXPKGS=$nixpkgs PYTHONPATH=tests/nix sh scripts/python.sh -m lab.options > build/options.json
fi
sh scripts/python.sh scripts/options_manual.py < build/options.json > build/options.md
mv build/options.md docs/options.md
