#!/bin/sh
# Run tests of an imgconv that is installed, not of the one in this folder:
#   sh tests/installed.sh PYTHON [arguments for pytest]
# PYTHON has imgconv, pytest, pytest-xdist and hypothesis.
set -eu
python=$(cd "$(dirname "$(command -v "$1")")" && pwd)/$(basename "$1")
shift
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Beside the package's own folder that would be the one that is imported.
cp -r "$root/tests" "$root/sample_images" "$root/kernels" "$root/pyproject.toml" "$work/"
cd "$work"
"$python" -P -c 'import imgconv, sys; assert "site-packages" in imgconv.__file__, imgconv.__file__'
[ $# -gt 0 ] || set -- tests/engines/test_native.py tests/engines/test_against_oracle.py \
    tests/cli/test_apply.py tests/cli/test_batch.py tests/faults/test_damaged.py \
    tests/faults/test_cuts.py tests/faults/test_formats.py tests/rank/test_statistics.py
"$python" -P -m pytest -q -n 2 -p no:cacheprovider "$@"
