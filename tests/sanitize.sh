#!/bin/sh
# Run the core's tests with AddressSanitizer and UndefinedBehaviorSanitizer:
#   sh tests/sanitize.sh [arguments for pytest]
# PYTHON names the interpreter of an environment with nanobind and the test dependencies.
set -eu
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$root/imgconv" "$root/kernels" "$work/"
rm -f "$work"/imgconv/_native/_core*.so
cmake -S "$root/imgconv/_native" -B "$work/build" -DIMGCONV_SANITIZE=address,undefined \
    -DIMGCONV_REQUIRE_NATIVE=ON -DPython_EXECUTABLE="$(command -v "$python")" \
    -Dnanobind_DIR="$("$python" -m nanobind --cmake_dir)" >/dev/null
cmake --build "$work/build" --parallel 2
cp "$work"/build/module/_core*.so "$work/imgconv/_native/"

# Python itself keeps memory until the end: leaks of the core cannot be told from it.
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export PYTHONPATH="$work" IMGCONV_REQUIRE_NATIVE=1
LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" \
    "$python" -P -c '
import sys
# An editable install would be found first, and by worker processes too: so there are none.
sys.meta_path = [f for f in sys.meta_path if "ScikitBuild" not in type(f).__name__]
from imgconv._native import _core
assert _core.__file__.startswith(sys.argv[1]), _core.__file__
import pytest
sys.exit(pytest.main(sys.argv[2:]))
' "$work" "$root/tests/engines" -q -n 0 -p no:cacheprovider -k "not scratch_is_bounded" "$@"
