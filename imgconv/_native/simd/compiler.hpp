// What differs between compilers: inlining, unrolling, and vectors as a language extension.
#pragma once

#include <cstdint>

#define IMGCONV_INLINE inline __attribute__((always_inline))
#define IMGCONV_NOINLINE __attribute__((noinline))
#define IMGCONV_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define IMGCONV_UNROLL(n) IMGCONV_PRAGMA(clang loop unroll_count(n))
#else
#define IMGCONV_UNROLL(n) IMGCONV_PRAGMA(GCC unroll n)
#endif

namespace imgconv {
namespace IMGCONV_ISA {

// A vector of `count` lanes.
template <class T, int count>
struct VectorOf {
  typedef T Type __attribute__((vector_size(count * sizeof(T))));
};

// The lanes of a and then of b that are named, in that order.
template <int... lane, class V>
IMGCONV_INLINE V shuffled(V a, V b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, lane...);
#else
  using Index = decltype(a == b);  // integers as wide as the lanes
  return __builtin_shuffle(a, b, Index{lane...});
#endif
}

// Keep a value in a register; what the compiler knew of it is forgotten.
template <class T>
IMGCONV_INLINE void opaque(T& value) {
  asm("" : "+r"(value));
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
