// Short rows of weights that are the same from both ends, on rows of doubles.
//
// What lies a tap further is shifted into place from two vectors that are there already: to load it
// anew would take twice as long, for it mostly begins within a cache line.
#pragma once

#include "vectors.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

// The most weights, for which two vectors in a row are enough.
inline constexpr int most_along = 9;

using DoubleBlock = Vector<double>[block_vectors];

// The vectors of a row from `from` on, and what lies `by` further than one of them.
class Row {
 public:
  explicit inline __attribute__((always_inline)) Row(const double* from) : from_(from) {
#if defined(__AVX512F__)
#pragma GCC unroll 5
    for (int v = 0; v <= block_vectors; ++v) vectors_[v] = load<double>(from + v * lanes);
#endif
  }

  template <int by>
  inline __attribute__((always_inline)) Vector<double> at(int v) const {
#if defined(__AVX512F__)
    if constexpr (by == 0) return vectors_[v];
    if constexpr (by == lanes) return vectors_[v + 1];
    if constexpr (by % lanes != 0)
      return Vector<double>(
          _mm512_alignr_epi64(__m512i(vectors_[v + 1]), __m512i(vectors_[v]), by % lanes));
#else
    return load<double>(from_ + v * lanes + by);
#endif
  }

 private:
  static constexpr int lanes = int(vector_bytes / 8);
  const double* from_;
#if defined(__AVX512F__)
  Vector<double> vectors_[block_vectors + 1];
#endif
};

template <int taps, int i>
inline __attribute__((always_inline)) void add_pairs(const Row& row, const Vector<double>* weights,
                                                     DoubleBlock& sums) {
  if constexpr (i < taps / 2) {
#pragma GCC unroll 4
    for (int v = 0; v < block_vectors; ++v)
      sums[v] = MacF64::mac(sums[v], row.at<i>(v) + row.at<taps - 1 - i>(v), weights[i]);
    add_pairs<taps, i + 1>(row, weights, sums);
  }
}

// Sum a block of values that begins at `from`; of the weights the first half and the middle.
template <int taps>
inline __attribute__((always_inline)) void sum_along(const double* from,
                                                     const Vector<double>* weights,
                                                     DoubleBlock& sums) {
  const Row row(from);
#pragma GCC unroll 4
  for (int v = 0; v < block_vectors; ++v) sums[v] = row.at<taps / 2>(v) * weights[taps / 2];
  add_pairs<taps, 0>(row, weights, sums);
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
