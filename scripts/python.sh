#!/bin/sh
# Runs its arguments with a Python that Hearth can live in.
set -eu
for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
        2>/dev/null; then
        exec "$python" "$@"
    fi
done
echo "Hearth needs Python 3.11, 3.12 or 3.13 with venv and pip (Debian: apt-get install python3-venv)." >&2
exit 1
