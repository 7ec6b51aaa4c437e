// One row times the weights of a row: the horizontal pass of a separable kernel.
#pragma once

#include "scratch.hpp"
#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

struct RowPass {
  const double* weights;
  const int64_t* offsets;  // values
  int64_t count;
};

static inline RowPass listed_row_pass(Scratch& scratch, const double* weights, int64_t count,
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
void run_row_pass(const RowPass& pass, const T* from, int64_t values, T* to) {
  constexpr int vectors = 8;
  constexpr int64_t lanes = vector_bytes / int64_t(sizeof(T));
  for (int64_t x = 0; x < values; x += vectors * lanes) {
    Vector<T> sums[vectors];
    IMGCONV_UNROLL(8)
    for (int v = 0; v < vectors; ++v) sums[v] = Vector<T>{};
    for (int64_t i = 0; i < pass.count; ++i) {
      const T* at = from + x + pass.offsets[i];
      Vector<T> weight = splat<T>(T(pass.weights[i]));
      IMGCONV_UNROLL(8)
      for (int v = 0; v < vectors; ++v)
        sums[v] = Simd::multiply_add<T>(sums[v], load<T>(at + v * lanes), weight);
    }
    IMGCONV_UNROLL(8)
    for (int v = 0; v < vectors; ++v) store<T>(to + x + v * lanes, sums[v]);
  }
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
