#!/bin/sh
# Cross-compile the core for 64-bit ARM, run its test vectors under qemu, and compare every result
# with this machine's, at each instruction set it has:
#   sh tests/arm.sh
# Needs g++, and Debian's g++-aarch64-linux-gnu and qemu-user.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
core=$root/imgconv/_native
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build COMPILER OUTPUT [LEVEL FLAGS]...: the vectors with the plain level and those named.
build() {
    compiler=$1 output=$2
    shift 2
    flags="-std=gnu++17 -O2 -w -ffp-contract=off -fno-math-errno -fno-trapping-math -I$core"
    objects=
    while [ $# -gt 0 ]; do
        # shellcheck disable=SC2086
        "$compiler" $flags $2 -DIMGCONV_LEVEL="$1" -c "$core/level/level.cpp" -o "$output.$1.o"
        objects="$objects $output.$1.o"
        shift 2
    done
    # shellcheck disable=SC2086
    "$compiler" $flags "$root/tests/arm/vectors.cpp" "$core/arena.cpp" "$core/correlate.cpp" \
        "$core/proof.cpp" "$core/threads.cpp" $objects -static -pthread -o "$output"
}

build aarch64-linux-gnu-g++ "$work/arm" plain ""
qemu-aarch64 "$work/arm" plain > "$work/arm.txt"
if [ "$(uname -m)" = x86_64 ]; then
    build g++ "$work/here" plain "" v2 -march=x86-64-v2 v3 -march=x86-64-v3 \
        v4 "-march=x86-64-v4 -mavx512vnni"
else
    build g++ "$work/here" plain ""
fi
for level in $("$work/here"); do
    "$work/here" "$level" > "$work/here.txt"
    cmp "$work/arm.txt" "$work/here.txt"
    echo "$(wc -l < "$work/here.txt") results are the same on ARM and here ($level)"
done
