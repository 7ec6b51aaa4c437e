#!/bin/sh
# Install imgconv with the lowest versions of its dependencies that pyproject.toml allows, and run a
# selection of its tests with them:
#   sh tests/lowest.sh [arguments for pytest]
# Needs uv, and a compiler. PYTHON names the interpreter; default is the lowest that is supported.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

uv venv -q --python "${PYTHON:-3.11}" "$work/venv"
export VIRTUAL_ENV="$work/venv"
uv pip install -q --resolution lowest-direct "${IMGCONV_WHEEL:-$root}"
uv pip freeze | grep -v '^imgconv' > "$work/lowest.txt"
cat "$work/lowest.txt"
uv pip install -q --constraints "$work/lowest.txt" pytest pytest-xdist hypothesis
sh "$root/tests/installed.sh" "$work/venv/bin/python" "$@"
