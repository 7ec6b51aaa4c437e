// One row times the weights of a row: the horizontal pass of a separable kernel.
#pragma once

#include "scratch.hpp"
#include "vectors.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

struct Along {
  const double* weights;
  const int64_t* offsets;  // values
  int64_t count;
};

static inline Along listed_along(Scratch& scratch, const double* weights, int64_t count,
                                 int64_t step) {
  auto* kept = scratch.take<double>(count);
  auto* offsets = scratch.take<int64_t>(count);
  int64_t used = 0;
  for (int64_t i = 0; i < count; ++i)
    if (weights[i] != 0) {
      kept[used] = weights[i];
      offsets[used++] = i * step;
    }
  return {kept, offsets, used};
}

template <class T>
struct MacOf;
template <>
struct MacOf<float> {
  using Type = MacF32;
};
template <>
struct MacOf<double> {
  using Type = MacF64;
};

template <class T>
void run_along(const Along& along, const T* from, int64_t values, T* to) {
  constexpr int vectors = 8;
  constexpr int64_t lanes = vector_bytes / int64_t(sizeof(T));
  for (int64_t x = 0; x < values; x += vectors * lanes) {
    Vector<T> sums[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) sums[v] = Vector<T>{};
    for (int64_t i = 0; i < along.count; ++i) {
      const T* at = from + x + along.offsets[i];
      Vector<T> weight = splat<T>(T(along.weights[i]));
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v)
        sums[v] = MacOf<T>::Type::mac(sums[v], load<T>(at + v * lanes), weight);
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) store<T>(to + x + v * lanes, sums[v]);
  }
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
