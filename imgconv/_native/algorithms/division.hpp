// Exact quotients of integers, rounded once. Rare and scalar: it decides what a bound leaves undecided.
#pragma once

#include "../task.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// Unsigned integers of 1024 bits: wide enough for every sum of float pixels that is let in.
struct Wide {
  static constexpr int limbs = 16;
  uint64_t limb[limbs] = {};
};

using imgconv::bits_of;

static inline int bits_of(const Wide& n) {
  for (int i = Wide::limbs - 1; i >= 0; --i)
    if (n.limb[i]) return 64 * i + 64 - __builtin_clzll(n.limb[i]);
  return 0;
}

static inline u128 shifted(u128 n, int by) { return n << by; }

static inline Wide shifted(const Wide& n, int by) {
  Wide result;
  int words = by / 64, rest = by % 64;
  for (int i = Wide::limbs - 1; i >= words; --i) {
    result.limb[i] = n.limb[i - words] << rest;
    if (rest && i > words) result.limb[i] |= n.limb[i - words - 1] >> (64 - rest);
  }
  return result;
}

static inline int compared(u128 a, u128 b) { return a < b ? -1 : a > b; }

static inline int compared(const Wide& a, const Wide& b) {
  for (int i = Wide::limbs - 1; i >= 0; --i)
    if (a.limb[i] != b.limb[i]) return a.limb[i] < b.limb[i] ? -1 : 1;
  return 0;
}

static inline void subtract(u128& a, u128 b) { a -= b; }

static inline void subtract(Wide& a, const Wide& b) {
  uint64_t borrow = 0;
  for (int i = 0; i < Wide::limbs; ++i) {
    u128 difference = u128(a.limb[i]) - b.limb[i] - borrow;
    a.limb[i] = uint64_t(difference);
    borrow = uint64_t(difference >> 64) & 1;
  }
}

static inline void add(Wide& a, const Wide& b) {
  u128 carry = 0;
  for (int i = 0; i < Wide::limbs; ++i) {
    carry += u128(a.limb[i]) + b.limb[i];
    a.limb[i] = uint64_t(carry);
    carry >>= 64;
  }
}

static inline Wide widened(u128 n) {
  Wide result;
  result.limb[0] = uint64_t(n);
  result.limb[1] = uint64_t(n >> 64);
  return result;
}

static inline Wide product(const Wide& a, u128 b) {
  Wide result;
  uint64_t halves[2] = {uint64_t(b), uint64_t(b >> 64)};
  for (int j = 0; j < 2; ++j) {
    uint64_t carry = 0;
    for (int i = 0; i + j < Wide::limbs; ++i) {
      u128 sum = u128(a.limb[i]) * halves[j] + result.limb[i + j] + carry;
      result.limb[i + j] = uint64_t(sum);
      carry = uint64_t(sum >> 64);
    }
  }
  return result;
}

// Give the magnitude of n / d rounded to whole numbers; beyond 2**20 it is only large.
template <class N>
int64_t whole_magnitude(bool negative, N n, const N& d, Rounding rounding) {
  int excess = bits_of(n) - bits_of(d);
  if (excess > 20) return int64_t(1) << 20;
  int64_t whole = 0;
  for (int i = excess < 0 ? 0 : excess; i >= 0; --i) {
    N part = shifted(d, i);
    whole <<= 1;
    if (compared(n, part) >= 0) {
      subtract(n, part);
      whole |= 1;
    }
  }
  if (rounding == Rounding::truncate) return whole;
  int against_half = compared(shifted(n, 1), d);
  bool tie_away = rounding == Rounding::half_even ? whole & 1
                  : rounding == Rounding::half_up ? !negative
                                                  : negative;
  return whole + (against_half > 0 || (against_half == 0 && tie_away));
}

// Round n / d * 2**scale to the nearest float, half to even; zero is +0.
template <class N>
float nearest_float(bool negative, N n, N d, int scale) {
  if (!bits_of(n)) return 0;
  int exponent = bits_of(n) - bits_of(d);
  if (exponent > 0) d = shifted(d, exponent);
  if (exponent < 0) n = shifted(n, -exponent);
  if (compared(n, d) < 0) {
    n = shifted(n, 1);
    --exponent;
  }
  exponent += scale;  // the quotient is in [1, 2) times 2**exponent
  if (exponent > 127) return negative ? -__builtin_inff() : __builtin_inff();
  int digits = exponent >= -126 ? 24 : 150 + exponent;
  if (digits < 0) return 0;
  uint32_t mantissa = 0;
  for (int i = 0; i < digits; ++i) {
    mantissa <<= 1;
    if (compared(n, d) >= 0) {
      subtract(n, d);
      mantissa |= 1;
    }
    n = shifted(n, 1);
  }
  int against_half = compared(n, d);
  mantissa += against_half > 0 || (against_half == 0 && (mantissa & 1));
  float magnitude = float(__builtin_ldexp(double(mantissa), exponent - digits + 1));
  return negative && mantissa ? -magnitude : magnitude;
}


static inline double within(bool negative, int64_t magnitude, Type type) {
  int64_t whole = negative ? -magnitude : magnitude;
  int64_t low = lowest(type) - 1, high = highest(type) + 1;
  return double(whole < low ? low : whole > high ? high : whole);
}

template <class N>
double rounded_quotient(bool negative, const N& n, const N& d, const Task& task) {
  if (task.quotient.absolute) negative = false;
  if (task.type_out == Type::f32) return double(nearest_float(negative, n, d, 0));
  return within(negative, whole_magnitude(negative, n, d, task.rounding), task.type_out);
}

// The general case, for a sum of that sign and magnitude in units of 2**-unit.
static inline double wide_value(const Task& task, bool negative, const Wide& sum, int unit) {
  const Quotient& q = task.quotient;
  Wide n = product(sum, u128(q.factor));
  Wide added = shifted(widened(magnitude_of(q.added)), unit);
  if (negative == (q.added < 0)) {
    add(n, added);
  } else if (compared(n, added) >= 0) {
    subtract(n, added);
  } else {
    subtract(added, n);
    n = added;
    negative = !negative;
  }
  Wide d = shifted(widened(u128(q.denominator)), unit);
  return rounded_quotient(negative, n, d, task);
}

// The exact output value of an exact sum.
static inline double exact_value(const Task& task, i128 sum) {
  if (bits_of(u128(task.quotient.factor)) + bits_of(magnitude_of(sum)) > 124)
    return wide_value(task, sum < 0, widened(magnitude_of(sum)), 0);
  i128 n = task.quotient.factor * sum + task.quotient.added;
  return rounded_quotient(n < 0, magnitude_of(n), u128(task.quotient.denominator), task);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
