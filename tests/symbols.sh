#!/bin/sh
# Check that no object for an instruction set defines a function that others may be linked to: inline
# functions and templates outside its namespace, of which the linker takes one for all. A CPU without
# the instructions would stop at it.
#   sh tests/symbols.sh BUILD
# BUILD is the folder that the core was built in. What compilers add has nothing but calls.
set -eu
objects=$(find "$1" -path '*isa_*.dir*' \( -name '*.cpp.o' -o -name '*.cpp.obj' \))
[ "$objects" ] || { echo "no objects in $1" >&2 && exit 2; }
failed=0
for object in $objects; do
    isa=$(echo "$object" | sed 's/.*isa_\([a-z0-9]*\)\.dir.*/\1/')
    shared=$(nm -C --defined-only "$object" | grep -E '^[0-9a-f]* [WVu] ' |
        grep -v -e "imgconv::$isa::" -e 'DW\.ref\.' -e __clang_call_terminate || true)
    [ -z "$shared" ] || { echo "$object:" && echo "$shared" && failed=1; }
done
[ $failed -eq 0 ] && echo "$(echo "$objects" | wc -l) objects keep what they define to themselves"
