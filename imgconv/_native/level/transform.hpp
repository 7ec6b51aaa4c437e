// Fourier transforms of 2**k complex numbers in double, many side by side: one in each lane.
//
// The forward transform leaves its result in digit-reversed order and the inverse one expects that
// order, so nothing is ever sorted.
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

// Numbers a vector of columns wide: real parts, then imaginary ones.
struct Columns {
  static constexpr int64_t apart = 2 * real_lanes;  // doubles from one number to the next
  double* first;

  inline __attribute__((always_inline)) double* re(int64_t i) const { return first + i * apart; }
  inline __attribute__((always_inline)) double* im(int64_t i) const { return re(i) + real_lanes; }
  inline __attribute__((always_inline)) Complex get(int64_t i) const {
    return {load<double>(re(i)), load<double>(im(i))};
  }
  inline __attribute__((always_inline)) void put(int64_t i, Complex a) const {
    store<double>(re(i), a.re);
    store<double>(im(i), a.im);
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

// Four numbers transformed; the inverse in the same order.
template <bool inverse>
IMGCONV_INLINE void four(Complex& a, Complex& b, Complex& c, Complex& d) {
  Complex even = a + c, odd = a - c, sum = b + d, side = turned(b - d);
  a = even + sum;
  b = inverse ? odd + side : odd - side;
  c = even - sum;
  d = inverse ? odd - side : odd + side;
}

// Times exp(-i pi / 4), or exp(i pi / 4) in the inverse.
template <bool inverse>
IMGCONV_INLINE Complex eighth_turn(Complex a) {
  const Reals half = splat<double>(0.70710678118654752440);
  if (inverse) return {(a.re - a.im) * half, (a.im + a.re) * half};
  return {(a.re + a.im) * half, (a.im - a.re) * half};
}

// Numbers that lie `step` apart from `at` on, transformed together and turned by powers of k.
template <int radix, bool turns>
IMGCONV_INLINE void split(const Columns& x, const Roots& roots, int64_t at, int64_t step,
                          int64_t k) {
  Complex v[radix];
#pragma GCC unroll 8
  for (int i = 0; i < radix; ++i) v[i] = x.get(at + i * step);
  if constexpr (radix == 2) {
    Complex sum = v[0] + v[1];
    v[1] = v[0] - v[1];
    v[0] = sum;
  } else if constexpr (radix == 4) {
    four<false>(v[0], v[1], v[2], v[3]);
  } else {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      Complex sum = v[i] + v[i + 4];
      v[i + 4] = v[i] - v[i + 4];
      v[i] = sum;
    }
    v[5] = eighth_turn<false>(v[5]);
    v[6] = {v[6].im, -v[6].re};
    v[7] = eighth_turn<false>(Complex{v[7].im, -v[7].re});
    four<false>(v[0], v[1], v[2], v[3]);
    four<false>(v[4], v[5], v[6], v[7]);
  }
  // What the halves of eight hold is interleaved.
#pragma GCC unroll 8
  for (int i = 0; i < radix; ++i) {
    Complex value = radix == 8 ? v[i / 2 + i % 2 * 4] : v[i];
    x.put(at + i * step, turns && i ? roots.times<false>(value, i * k) : value);
  }
}

// The inverse of `split`, but for the factor `radix`.
template <int radix, bool turns>
IMGCONV_INLINE void join(const Columns& x, const Roots& roots, int64_t at, int64_t step,
                         int64_t k) {
  Complex v[radix];
#pragma GCC unroll 8
  for (int i = 0; i < radix; ++i) {
    Complex value = x.get(at + i * step);
    v[radix == 8 ? i / 2 + i % 2 * 4 : i] = turns && i ? roots.times<true>(value, i * k) : value;
  }
  if constexpr (radix == 2) {
    Complex sum = v[0] + v[1];
    v[1] = v[0] - v[1];
    v[0] = sum;
  } else if constexpr (radix == 4) {
    four<true>(v[0], v[1], v[2], v[3]);
  } else {
    four<true>(v[0], v[1], v[2], v[3]);
    four<true>(v[4], v[5], v[6], v[7]);
    v[5] = eighth_turn<true>(v[5]);
    v[6] = turned(v[6]);
    v[7] = eighth_turn<true>(turned(v[7]));
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      Complex sum = v[i] + v[i + 4];
      v[i + 4] = v[i] - v[i + 4];
      v[i] = sum;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < radix; ++i) x.put(at + i * step, v[i]);
}

// How a length is split next. Eight numbers need registers that only the widest vectors have.
static inline int radix_of(int64_t length) {
  if (length == 2) return 2;
  return vector_bytes == 64 && length != 4 && length != 16 ? 8 : 4;
}

// Split, or join, every `length` numbers from `first` to `last`.
template <int radix, bool joins>
void pass(const Columns& x, const Roots& roots, int64_t first, int64_t last, int64_t length) {
  int64_t part = length / radix, step = roots.n / length;
  for (int64_t block = first; block < last; block += length) {
    if constexpr (joins) join<radix, false>(x, roots, block, part, 0);
    else split<radix, false>(x, roots, block, part, 0);
    for (int64_t j = 1; j < part; ++j) {
      if constexpr (joins) join<radix, true>(x, roots, block + j, part, j * step);
      else split<radix, true>(x, roots, block + j, part, j * step);
    }
  }
}

template <bool joins>
void pass(const Columns& x, const Roots& roots, int64_t first, int64_t last, int64_t length) {
  int radix = radix_of(length);
  if (radix == 8) pass<8, joins>(x, roots, first, last, length);
  else if (radix == 4) pass<4, joins>(x, roots, first, last, length);
  else pass<2, joins>(x, roots, first, last, length);
}

// Transform every `length` numbers from `first` to `last`.
template <bool joins>
void passes(const Columns& x, const Roots& roots, int64_t first, int64_t last, int64_t length) {
  if (length == 1) return;
  int64_t part = length / radix_of(length);
  if (!joins) pass<false>(x, roots, first, last, length);
  if (last - first <= 256) passes<joins>(x, roots, first, last, part);
  else  // more than the L1 cache holds: each part wholly before the next
    for (int64_t at = first; at < last; at += part) passes<joins>(x, roots, at, at + part, part);
  if (joins) pass<true>(x, roots, first, last, length);
}

static inline void forward(const Columns& x, const Roots& roots) {
  passes<false>(x, roots, 0, roots.n, roots.n);
}

static inline void inverse(const Columns& x, const Roots& roots) {
  passes<true>(x, roots, 0, roots.n, roots.n);
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
