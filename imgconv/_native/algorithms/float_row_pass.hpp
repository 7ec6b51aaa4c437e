// Short rows of weights that are the same from both ends, on rows of doubles.
//
// What lies a tap further is shifted into place from two vectors that are there already: to load it
// anew would take twice as long, for it mostly begins within a cache line.
#pragma once

#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// The most weights, for which two vectors in a row are enough.
inline constexpr int most_row_taps = 9;

using DoubleBlock = Vector<double>[block_vectors];

template <int taps, int i>
IMGCONV_INLINE void add_pairs(const Simd::DoubleRow& row, const Vector<double>* weights,
                                                     DoubleBlock& sums) {
  if constexpr (i < taps / 2) {
    IMGCONV_UNROLL(4)
    for (int v = 0; v < block_vectors; ++v)
      sums[v] = MacF64::mac(sums[v], row.at<i>(v) + row.at<taps - 1 - i>(v), weights[i]);
    add_pairs<taps, i + 1>(row, weights, sums);
  }
}

// Sum a block of values that begins at `from`; of the weights the first half and the middle.
template <int taps>
IMGCONV_INLINE void sum_along(const double* from,
                                                     const Vector<double>* weights,
                                                     DoubleBlock& sums) {
  const Simd::DoubleRow row(from);
  IMGCONV_UNROLL(4)
  for (int v = 0; v < block_vectors; ++v) sums[v] = row.at<taps / 2>(v) * weights[taps / 2];
  add_pairs<taps, 0>(row, weights, sums);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
