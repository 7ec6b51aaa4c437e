// Fourier transforms of 2**k complex numbers in double, many side by side: one in each lane.
//
// The forward transform leaves its result in digit-reversed order and the inverse one expects that
// order, so nothing is ever sorted.
#pragma once

#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

using Reals = Vector<double>;
inline constexpr int64_t real_lanes = vector_bytes / 8;

struct Complex {
  Reals re, im;
};

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

  IMGCONV_INLINE double* re(int64_t i) const { return first + i * apart; }
  IMGCONV_INLINE double* im(int64_t i) const { return re(i) + real_lanes; }
  IMGCONV_INLINE Complex get(int64_t i) const {
    return {load<double>(re(i)), load<double>(im(i))};
  }
  IMGCONV_INLINE void put(int64_t i, Complex a) const {
    store<double>(re(i), a.re);
    store<double>(im(i), a.im);
  }
};

// Powers of exp(-2 pi i / n).
struct Roots {
  int64_t n;
  const double *cosines, *sines;

  template <bool inverse>
  IMGCONV_INLINE Complex times(Complex a, int64_t power) const {
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
  IMGCONV_UNROLL(8)
  for (int i = 0; i < radix; ++i) v[i] = x.get(at + i * step);
  if constexpr (radix == 2) {
    Complex sum = v[0] + v[1];
    v[1] = v[0] - v[1];
    v[0] = sum;
  } else if constexpr (radix == 4) {
    four<false>(v[0], v[1], v[2], v[3]);
  } else {
    IMGCONV_UNROLL(4)
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
  IMGCONV_UNROLL(8)
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
  IMGCONV_UNROLL(8)
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
    IMGCONV_UNROLL(4)
    for (int i = 0; i < 4; ++i) {
      Complex sum = v[i] + v[i + 4];
      v[i + 4] = v[i] - v[i + 4];
      v[i] = sum;
    }
  }
  IMGCONV_UNROLL(8)
  for (int i = 0; i < radix; ++i) x.put(at + i * step, v[i]);
}

// How a length is split next. Eight numbers need registers that only the widest vectors have.
static inline int radix_of(int64_t length) {
  if (length == 2) return 2;
  return Simd::most_radix == 8 && length != 4 && length != 16 ? 8 : 4;
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

}  // namespace IMGCONV_ISA
}  // namespace imgconv
