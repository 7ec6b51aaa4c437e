// Whole numbers of 128 bits. Division and conversion are done here: compilers call their run-time
// library for them, which is not linked on every system.
#pragma once

#include <cstdint>

namespace imgconv {

using i128 = __int128;
using u128 = unsigned __int128;

static inline u128 magnitude_of(i128 n) { return n < 0 ? u128(0) - u128(n) : u128(n); }

static inline int bits_of(u128 n) {
  uint64_t high = uint64_t(n >> 64), low = uint64_t(n);
  return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

// Return the nearest double, half to even. Not inline: it is called seldom, in many places.
[[maybe_unused]] __attribute__((noinline)) static double to_double(i128 n) {
  const u128 magnitude = magnitude_of(n);
  const int more = bits_of(magnitude) - 64;
  double result = double(uint64_t(magnitude));
  if (more > 0) {  // what is cut off leaves a bit, so that it counts where half would be rounded
    uint64_t top = uint64_t(magnitude >> more);
    top |= (magnitude & ((u128(1) << more) - 1)) != 0;
    result = double(top) * double(uint64_t(1) << (more - 1)) * 2;
  }
  return n < 0 ? -result : result;
}

// Return the quotient rounded down; d > 0.
static inline i128 floor_divided(i128 n, i128 d) {
  if (i128(int64_t(n)) == n && i128(int64_t(d)) == d) {
    int64_t a = int64_t(n), b = int64_t(d), q = a / b;
    return q - (a % b < 0);
  }
  u128 rest = 0, quotient = 0;
  const u128 magnitude = magnitude_of(n);
  for (int i = bits_of(magnitude) - 1; i >= 0; --i) {
    rest = rest << 1 | (magnitude >> i & 1);
    quotient <<= 1;
    if (rest >= u128(d)) {
      rest -= u128(d);
      quotient |= 1;
    }
  }
  return n < 0 ? -i128(quotient) - (rest != 0) : i128(quotient);
}

}  // namespace imgconv
