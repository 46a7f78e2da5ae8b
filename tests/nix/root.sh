#!/bin/sh
# Prints the folder of the machines' Debian root; makes it first where this package list has none.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH=$here exec sh "$here/../../scripts/python.sh" -m lab.root
