// Vectors as wide as the instruction set's registers. `vector_bytes` is defined before.
#pragma once

#include <utility>

#include "compiler.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class T>
inline constexpr int64_t lanes_of = vector_bytes / int64_t(sizeof(T));

template <class T>
using Vector = typename VectorOf<T, int(lanes_of<T>)>::Type;

using Bytes = Vector<uint8_t>;
using Shorts = Vector<int16_t>;
using Words = Vector<int32_t>;

template <class T>
inline constexpr bool is_floating = T(0.5) != 0;

// A lane of a comparison of T, 0 or -1.
template <class T>
struct MaskOf {
  using Lane = int32_t;
};
template <>
struct MaskOf<double> {
  using Lane = int64_t;
};
template <>
struct MaskOf<int16_t> {
  using Lane = int16_t;
};
template <class T>
using Mask = Vector<typename MaskOf<T>::Lane>;

template <class T>
IMGCONV_INLINE Vector<T> load(const void* from) {
  Vector<T> v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

template <class T>
IMGCONV_INLINE void store(void* to, Vector<T> v) {
  __builtin_memcpy(to, &v, sizeof v);
}

template <class T>
IMGCONV_INLINE Vector<T> splat(T x) {
  return x - Vector<T>{};
}

// Lane i of x in lane i + by, zeros below.
template <int by, class V, int... lane>
IMGCONV_INLINE V moved_up(V x, std::integer_sequence<int, lane...>) {
  constexpr int lanes = int(sizeof...(lane));
  return shuffled<(lane < by ? lanes + lane : lane - by)...>(x, V{});
}
template <int by, class T>
IMGCONV_INLINE Vector<T> moved_up(Vector<T> x) {
  return moved_up<by>(x, std::make_integer_sequence<int, int(lanes_of<T>)>());
}

// The last `count` lanes again and again, such that lane i has one of the same i % count.
template <int count, class V, int... lane>
IMGCONV_INLINE V last_repeated(V x, std::integer_sequence<int, lane...>) {
  constexpr int lanes = int(sizeof...(lane));
  return shuffled<(lanes - count + lane % count)...>(x, x);
}

// In each lane what the last lane of its pixel has; the channels of a pixel are a power of two.
template <int channels, class V, int... lane>
IMGCONV_INLINE V last_of_pixels(V x, std::integer_sequence<int, lane...>) {
  return shuffled<(lane | (channels - 1))...>(x, x);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
