#!/bin/sh
# Cross-compile the core and its test vectors for systems other than this one, with Zig's Clang, and
# compare the results of those that an emulator runs here:
#   sh tests/cross.sh [TARGET ...]
# ZIG names the compiler; default is that of PyPI's package ziglang, in PYTHON's environment. Vectors for
# Windows run under wine and those for ARM under qemu-user, if they are installed.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
core=$root/imgconv/_native
zig=${ZIG:-"${PYTHON:-python3} -m ziglang"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags="-std=gnu++17 -O1 -Wall -Wextra -Wno-psabi -ffp-contract=off -fno-math-errno -fno-trapping-math -I$core"

# compile TARGET NAME FILE [FLAGS]: one instruction set.
compile() {
    target=$1 name=$2 file=$3
    shift 3
    for unit in isa networks pointwise weighed; do
        # shellcheck disable=SC2086
        $zig c++ -target "$target" $flags "$@" -DIMGCONV_ISA="$name" -DIMGCONV_SIMD="\"$file.hpp\"" \
            -c "$core/algorithms/$unit.cpp" -o "$work/$target.$name.$unit.o"
        objects="$objects $work/$target.$name.$unit.o"
    done
    isas="${isas}IMGCONV_EACH($name)"
}

# build TARGET: the vectors with all its instruction sets, the best first.
build() {
    objects='' isas=''
    case $1 in
    x86_64-*)
        compile "$1" v4 avx512 -mcpu=x86_64_v4+avx512vnni
        compile "$1" v3 avx2 -mcpu=x86_64_v3
        compile "$1" v2 sse4 -mcpu=x86_64_v2
        ;;
    aarch64-*)
        compile "$1" dotprod dotprod -mcpu=generic+dotprod
        compile "$1" neon neon
        ;;
    esac
    compile "$1" plain plain
    # shellcheck disable=SC2086
    $zig c++ -target "$1" $flags "-DIMGCONV_ISAS=$isas" "$root/tests/arm/vectors.cpp" \
        "$core/arena.cpp" "$core/correlate.cpp" "$core/cpu.cpp" "$core/division.cpp" "$core/even.cpp" \
        "$core/platform.cpp" "$core/proof.cpp" "$core/rank.cpp" "$core/threads.cpp" $objects -o "$work/$1.exe"
}

# run TARGET [ISA]: the vectors, or the names of the instruction sets; fails where nothing runs them.
run() {
    case $1 in
    "$(uname -m)"-linux-*) "$work/$1.exe" ${2+"$2"} ;;
    aarch64-linux-*) command -v qemu-aarch64 >/dev/null && qemu-aarch64 "$work/$1.exe" ${2+"$2"} ;;
    x86_64-windows-*)
        wine=$(command -v wine64 || command -v wine || command -v /usr/lib/wine/wine64) || return 1
        WINEPREFIX=$work/wine WINEDEBUG=-all "$wine" "$work/$1.exe" ${2+"$2"} > "$work/said" || return 1
        tr -d '\r' < "$work/said"
        ;;
    *) return 1 ;;
    esac
}

[ $# -gt 0 ] || set -- "$(uname -m)-linux-musl" aarch64-linux-musl x86_64-windows-gnu x86_64-macos \
    aarch64-macos
expected=
for target in "$@"; do
    build "$target"
    if ! names=$(run "$target"); then
        echo "$target: compiles and links; nothing runs it here"
        continue
    fi
    for isa in $names; do
        run "$target" "$isa" > "$work/results"
        if [ -z "$expected" ]; then
            expected=$work/expected
            cp "$work/results" "$expected"
        fi
        cmp "$work/results" "$expected"
        echo "$target: $(wc -l < "$expected") results are the same ($isa)"
    done
done
