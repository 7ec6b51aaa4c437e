#!/bin/sh
# Install imgconv with the lowest versions of its dependencies that pyproject.toml allows, and run a
# selection of its tests with them:
#   sh tests/lowest.sh [arguments for pytest]
# Needs uv, and a compiler unless IMGCONV_WHEEL names a wheel. PYTHON names the interpreter; default is
# the lowest that is supported.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

uv venv -q --python "${PYTHON:-3.11}" "$work/venv"
export VIRTUAL_ENV="$work/venv"
# From pyproject.toml: of a wheel uv would take the highest versions.
uv pip compile -q --no-header --no-annotate --resolution lowest-direct "$root/pyproject.toml" \
    -o "$work/lowest.txt"
cat "$work/lowest.txt"
uv pip install -q --constraints "$work/lowest.txt" "${IMGCONV_WHEEL:-$root}" pytest pytest-xdist hypothesis
sh "$root/tests/installed.sh" "$work/venv/bin/python" "$@"
