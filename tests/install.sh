#!/bin/sh
# Build wheels where the core cannot be compiled, and check that each says why it has none:
#   sh tests/install.sh
# PYTHON names the interpreter of an environment with scikit-build-core, nanobind, cmake and ninja, and
# the package's dependencies.
set -eu
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/source"
for name in imgconv kernels pyproject.toml README.md LICENSE; do
    cp -r "$root/$name" "$work/source/"
done
rm -f "$work"/source/imgconv/_native/_core*.so

cat > "$work/failing-compiler" <<'END'
#!/bin/sh
# Passes every check of CMake's, and fails at the core.
case "$*" in *isa.cpp*) echo "internal compiler error" >&2 && exit 1 ;; esac
exec g++ "$@"
END
chmod +x "$work/failing-compiler"

# wheel NAME COMPILER: build one.
wheel() {
    CXX=$2 "$python" -m pip wheel -q --no-build-isolation --no-deps -w "$work/$1" "$work/source"
}

# check NAME COMPILER REASON: the install goes on, and the engine tells the reason; it stops where the
# core is required.
check() {
    wheel "$1" "$2" 2>"$work/log" || { cat "$work/log" && exit 1; }
    "$python" -m zipfile -e "$work/$1"/imgconv-*.whl "$work/$1/installed"
    cat > "$work/ask.py" <<'END'
import sys
sys.meta_path = [f for f in sys.meta_path if "ScikitBuild" not in type(f).__name__]
import imgconv
assert imgconv.__file__.startswith(sys.argv[1]), imgconv.__file__
from imgconv.engines.select import describe_engine
print(describe_engine())
END
    said=$(PYTHONPATH="$work/$1/installed" "$python" -P "$work/ask.py" "$work/$1")
    case $said in *"$3"*) echo "$1: $said" ;; *) echo "$1: not told: $said" && exit 1 ;; esac
    if IMGCONV_REQUIRE_NATIVE=1 wheel "$1-required" "$2" 2>"$work/log"; then
        echo "$1: built though the core is required" && exit 1
    fi
    echo "$1: refused where the core is required"
}

check none "$(command -v false)" "no C++ compiler was found that can build the native core"
check broken "$work/failing-compiler" "the C++ compiler failed to build the native core"
