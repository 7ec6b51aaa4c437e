// Fourier transforms of 2**k complex numbers in double, many side by side: one in each lane.
//
// The forward transform leaves its result in digit-reversed order and the inverse one expects that
// order, so nothing is ever sorted. Real and imaginary parts stand in arrays of their own.
#pragma once

#include "vectors.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

using Reals = Vector<double>;
inline constexpr int64_t real_lanes = vector_bytes / 8;

struct Complex {
  Reals re, im;
};

#define IMGCONV_INLINE static inline __attribute__((always_inline))

IMGCONV_INLINE Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
IMGCONV_INLINE Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
IMGCONV_INLINE Complex turned(Complex a) { return {-a.im, a.re}; }  // times i

IMGCONV_INLINE Complex product(Complex a, Reals re, Reals im) {
  return {MacF64::mac(-(a.im * im), a.re, re), MacF64::mac(a.re * im, a.im, re)};
}

// Numbers `pitch` doubles apart, a vector of columns wide.
struct Columns {
  double *re, *im;
  int64_t pitch;

  inline __attribute__((always_inline)) Complex get(int64_t i) const {
    return {load<double>(re + i * pitch), load<double>(im + i * pitch)};
  }
  inline __attribute__((always_inline)) void put(int64_t i, Complex a) const {
    store<double>(re + i * pitch, a.re);
    store<double>(im + i * pitch, a.im);
  }
};

// Powers of exp(-2 pi i / n).
struct Roots {
  int64_t n;
  const double *cosines, *sines;

  template <bool inverse>
  inline __attribute__((always_inline)) Complex times(Complex a, int64_t power) const {
    double sine = sines[power];
    return product(a, splat<double>(cosines[power]), splat<double>(inverse ? sine : -sine));
  }
};

// Butterflies of four that are `quarter` apart, from `at`, with the roots of power k, 2k and 3k.
template <bool turns>
IMGCONV_INLINE void split_four(const Columns& x, const Roots& roots, int64_t at, int64_t quarter,
                               int64_t k) {
  Complex a = x.get(at), b = x.get(at + quarter);
  Complex c = x.get(at + 2 * quarter), d = x.get(at + 3 * quarter);
  Complex even = a + c, odd = a - c, sum = b + d, side = turned(b - d);
  Complex first = odd - side, second = even - sum, third = odd + side;
  x.put(at, even + sum);
  x.put(at + quarter, turns ? roots.times<false>(first, k) : first);
  x.put(at + 2 * quarter, turns ? roots.times<false>(second, 2 * k) : second);
  x.put(at + 3 * quarter, turns ? roots.times<false>(third, 3 * k) : third);
}

template <bool turns>
IMGCONV_INLINE void join_four(const Columns& x, const Roots& roots, int64_t at, int64_t quarter,
                              int64_t k) {
  Complex a = x.get(at), b = x.get(at + quarter);
  Complex c = x.get(at + 2 * quarter), d = x.get(at + 3 * quarter);
  if (turns) {
    b = roots.times<true>(b, k);
    c = roots.times<true>(c, 2 * k);
    d = roots.times<true>(d, 3 * k);
  }
  Complex even = a + c, odd = a - c, sum = b + d, side = turned(b - d);
  x.put(at, even + sum);
  x.put(at + quarter, odd + side);
  x.put(at + 2 * quarter, even - sum);
  x.put(at + 3 * quarter, odd - side);
}

IMGCONV_INLINE void pairs(const Columns& x, int64_t n) {
  for (int64_t i = 0; i < n; i += 2) {
    Complex a = x.get(i), b = x.get(i + 1);
    x.put(i, a + b);
    x.put(i + 1, a - b);
  }
}

static inline void forward(const Columns& x, const Roots& roots) {
  int64_t n = roots.n, length = n;
  for (; length >= 4; length /= 4) {
    int64_t quarter = length / 4, step = n / length;
    for (int64_t block = 0; block < n; block += length) {
      split_four<false>(x, roots, block, quarter, 0);
      for (int64_t j = 1; j < quarter; ++j)
        split_four<true>(x, roots, block + j, quarter, j * step);
    }
  }
  if (length == 2) pairs(x, n);
}

static inline void inverse(const Columns& x, const Roots& roots) {
  int64_t n = roots.n, length = 4;
  if (__builtin_ctzll(uint64_t(n)) % 2) {
    pairs(x, n);
    length = 8;
  }
  for (; length <= n; length *= 4) {
    int64_t quarter = length / 4, step = n / length;
    for (int64_t block = 0; block < n; block += length) {
      join_four<false>(x, roots, block, quarter, 0);
      for (int64_t j = 1; j < quarter; ++j)
        join_four<true>(x, roots, block + j, quarter, j * step);
    }
  }
}

// Turn a square of vectors about its diagonal: lane j of row i becomes lane i of row j.
static inline void transpose(const double* from, int64_t from_pitch, double* to,
                             int64_t to_pitch) {
#if defined(__AVX512F__)
  __m512d a[8], b[8];
  for (int i = 0; i < 8; ++i) a[i] = _mm512_loadu_pd(from + i * from_pitch);
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm512_unpacklo_pd(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_pd(a[i], a[i + 1]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int k = 0; k < 2; ++k) {
      a[i + k] = _mm512_shuffle_f64x2(b[i + k], b[i + k + 2], 0x88);
      a[i + k + 2] = _mm512_shuffle_f64x2(b[i + k], b[i + k + 2], 0xdd);
    }
  for (int k = 0; k < 4; ++k) {
    _mm512_storeu_pd(to + k * to_pitch, _mm512_shuffle_f64x2(a[k], a[k + 4], 0x88));
    _mm512_storeu_pd(to + (k + 4) * to_pitch, _mm512_shuffle_f64x2(a[k], a[k + 4], 0xdd));
  }
#elif defined(__AVX2__)
  __m256d a[4], b[4];
  for (int i = 0; i < 4; ++i) a[i] = _mm256_loadu_pd(from + i * from_pitch);
  for (int i = 0; i < 4; i += 2) {
    b[i] = _mm256_unpacklo_pd(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_pd(a[i], a[i + 1]);
  }
  for (int k = 0; k < 2; ++k) {
    _mm256_storeu_pd(to + k * to_pitch, _mm256_permute2f128_pd(b[k], b[k + 2], 0x20));
    _mm256_storeu_pd(to + (k + 2) * to_pitch, _mm256_permute2f128_pd(b[k], b[k + 2], 0x31));
  }
#else
  for (int64_t i = 0; i < real_lanes; ++i)
    for (int64_t j = 0; j < real_lanes; ++j) to[j * to_pitch + i] = from[i * from_pitch + j];
#endif
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
