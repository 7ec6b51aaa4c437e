#!/bin/sh
# Cross-compile the core for 64-bit ARM, run its test vectors under qemu with each instruction set,
# and compare every result with this machine's, at each one that it has:
#   sh tests/arm.sh
# Needs g++, and Debian's g++-aarch64-linux-gnu and qemu-user.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
core=$root/imgconv/_native
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build COMPILER OUTPUT [ISA FILE FLAGS]...: the vectors with the instruction sets named, best first.
build() {
    compiler=$1 output=$2 flags="-std=gnu++17 -O2 -w -I$core"
    shift 2
    flags="$flags -ffp-contract=off -fno-math-errno -fno-trapping-math"
    objects= isas=
    while [ $# -gt 0 ]; do
        # shellcheck disable=SC2086
        for unit in isa networks pointwise weighed; do
            "$compiler" $flags $3 -DIMGCONV_ISA="$1" -DIMGCONV_SIMD="\"$2.hpp\"" \
                -c "$core/algorithms/$unit.cpp" -o "$output.$1.$unit.o"
            objects="$objects $output.$1.$unit.o"
        done
        isas="${isas}IMGCONV_EACH($1)"
        shift 3
    done
    # shellcheck disable=SC2086
    "$compiler" $flags "-DIMGCONV_ISAS=$isas" "$root/tests/arm/vectors.cpp" "$core/arena.cpp" \
        "$core/correlate.cpp" "$core/cpu.cpp" "$core/division.cpp" "$core/even.cpp" \
        "$core/platform.cpp" "$core/proof.cpp" "$core/threads.cpp" $objects -static -pthread -o "$output"
}

build aarch64-linux-gnu-g++ "$work/arm" dotprod dotprod -march=armv8.2-a+dotprod neon neon "" \
    plain plain ""
qemu-aarch64 "$work/arm" plain > "$work/arm.txt"
for isa in $(qemu-aarch64 "$work/arm"); do
    qemu-aarch64 "$work/arm" "$isa" > "$work/results.txt"
    cmp "$work/arm.txt" "$work/results.txt"
    echo "$(wc -l < "$work/arm.txt") results are the same on ARM ($isa)"
done
if [ "$(uname -m)" = x86_64 ]; then
    build g++ "$work/here" v4 avx512 "-march=x86-64-v4 -mavx512vnni" v3 avx2 -march=x86-64-v3 \
        v2 sse4 -march=x86-64-v2 plain plain ""
else
    build g++ "$work/here" plain plain ""
fi
for isa in $("$work/here"); do
    "$work/here" "$isa" > "$work/here.txt"
    cmp "$work/arm.txt" "$work/here.txt"
    echo "$(wc -l < "$work/here.txt") results are the same on ARM and here ($isa)"
done
