"""The C++ core: `_core`, where a compiler was there when the package was built."""
