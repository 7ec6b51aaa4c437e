// Values of a chunk to pixels: loops over arrays that stay in the nearest cache, of which the compiler
// makes vectors.
#pragma once

#include "../pointwise.hpp"
#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

// Values that are worked on at a time: all arrays of them together fit in the nearest cache.
template <class T>
constexpr int64_t chunk = 1536 / int64_t(sizeof(T));

// Added to and taken from a smaller value it rounds it to the nearest whole number.
template <class T>
constexpr T magic = sizeof(T) == 4 ? T(12582912.0) : T(6755399441055744.0);

IMGCONV_INLINE float size_of_value(float x) { return __builtin_fabsf(x); }
IMGCONV_INLINE double size_of_value(double x) { return __builtin_fabs(x); }

// Whole numbers by the rounding that is seldom asked for; absolute values are taken of all channels
// but the last, where there are `channels`.
template <class T>
void round_chunk(T* __restrict v, int64_t count, int64_t channels, const Target& target) {
  const T low = T(lowest(target.type)) - 2, high = T(highest(target.type)) + 2;
  if (target.absolute)
    for (int64_t i = 0; i < count; ++i)
      if (!channels || (i + 1) % channels) v[i] = size_of_value(v[i]);
  if (target.rounding == Rounding::half_even) return;
  const bool truncates = target.rounding == Rounding::truncate;
  const bool up = target.rounding == Rounding::half_up;
  for (int64_t i = 0; i < count; ++i) {
    T x = v[i] < high ? v[i] : high;
    x = x > low ? x : low;
    T near = (x + magic<T>)-magic<T>, below = near > x ? near - 1 : near, rest = x - below;
    bool more = truncates ? (x < 0) & (rest > 0) : up ? rest >= T(0.5) : rest > T(0.5);
    v[i] = more ? below + 1 : below;
  }
}

// Write the nearest whole numbers, and count those that are clamped; of pixels all but the last of
// `channels`.
template <class T, class Out>
int64_t put_chunk(const T* __restrict v, int64_t count, int64_t channels, const Target& target,
                  Out* __restrict to) {
  const int32_t low = int32_t(lowest(target.type)), high = int32_t(highest(target.type));
  const T least = T(low - 1), most = T(high + 1);
  int32_t clipped = 0, not_counted = 0;
  for (int64_t i = 0; i < count; ++i) {
    T x = v[i] > least ? v[i] : least;
    x = x < most ? x : most;
    int32_t whole = int32_t((x + magic<T>)-magic<T>);
    int32_t inside = whole < low ? low : whole > high ? high : whole;
    clipped += inside != whole;
    to[i] = Out(inside);
  }
  if (channels && clipped)
    for (int64_t i = channels - 1; i < count; i += channels) {
      T x = v[i] > least ? v[i] : least;
      x = ((x < most ? x : most) + magic<T>)-magic<T>;
      not_counted += (x < T(low)) | (x > T(high));
    }
  return clipped - not_counted;
}

// Called, not inlined: a call takes nothing beside a chunk, and its loops take long to compile for
// each user.
template <class T>
IMGCONV_NOINLINE int64_t write_chunk(T* v, int64_t count, int64_t channels, const Target& target,
                                     void* to, int64_t at) {
  if (target.absolute || target.rounding != Rounding::half_even)
    round_chunk<T>(v, count, channels, target);
  switch (target.type) {
    case Type::u8:
      return put_chunk(v, count, channels, target, static_cast<uint8_t*>(to) + at);
    default:  // the bits of both types of 16 are the same
      return put_chunk(v, count, channels, target, static_cast<uint16_t*>(to) + at);
  }
}

}  // namespace
}  // namespace IMGCONV_ISA
}  // namespace imgconv
