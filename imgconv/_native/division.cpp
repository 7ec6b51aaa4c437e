#include "division.hpp"

namespace imgconv {
namespace {

// Unsigned integers of 1024 bits: wide enough for every sum of float pixels that is let in.
struct Wide {
  static constexpr int limbs = 16;
  uint64_t limb[limbs] = {};
};

using imgconv::bits_of;

int bits_of(const Wide& n) {
  for (int i = Wide::limbs - 1; i >= 0; --i)
    if (n.limb[i]) return 64 * i + 64 - __builtin_clzll(n.limb[i]);
  return 0;
}

u128 shifted(u128 n, int by) { return n << by; }

Wide shifted(const Wide& n, int by) {
  Wide result;
  int words = by / 64, rest = by % 64;
  for (int i = Wide::limbs - 1; i >= words; --i) {
    result.limb[i] = n.limb[i - words] << rest;
    if (rest && i > words) result.limb[i] |= n.limb[i - words - 1] >> (64 - rest);
  }
  return result;
}

int compared(u128 a, u128 b) { return a < b ? -1 : a > b; }

int compared(const Wide& a, const Wide& b) {
  for (int i = Wide::limbs - 1; i >= 0; --i)
    if (a.limb[i] != b.limb[i]) return a.limb[i] < b.limb[i] ? -1 : 1;
  return 0;
}

void subtract(u128& a, u128 b) { a -= b; }

void subtract(Wide& a, const Wide& b) {
  uint64_t borrow = 0;
  for (int i = 0; i < Wide::limbs; ++i) {
    u128 difference = u128(a.limb[i]) - b.limb[i] - borrow;
    a.limb[i] = uint64_t(difference);
    borrow = uint64_t(difference >> 64) & 1;
  }
}

void add(Wide& a, const Wide& b) {
  u128 carry = 0;
  for (int i = 0; i < Wide::limbs; ++i) {
    carry += u128(a.limb[i]) + b.limb[i];
    a.limb[i] = uint64_t(carry);
    carry >>= 64;
  }
}

Wide widened(u128 n) {
  Wide result;
  result.limb[0] = uint64_t(n);
  result.limb[1] = uint64_t(n >> 64);
  return result;
}

Wide product(const Wide& a, u128 b) {
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

double within(bool negative, int64_t magnitude, Type type) {
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
double wide_value(const Task& task, bool negative, const Wide& sum, int unit) {
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

// The pixels that one output value reads.
struct FloatTaps {
  const Task& task;
  int64_t row, column, channel;

  template <class Use>
  void each(Use use) const {
    const Weights& w = task.weights;
    const int32_t* map = task.column_map + column * task.columns.stride;
    for (int64_t r = 0; r < w.rows; ++r) {
      const int32_t from = task.row_map[row * task.rows.stride + r * task.rows.dilation];
      const unsigned char* bytes =
          from < 0 ? task.constant_row : task.source + from * task.source_stride;
      const float* line = reinterpret_cast<const float*>(bytes) + channel;
      for (int64_t c = 0; c < w.columns; ++c) {
        int64_t tap = r * w.columns + c;
        if (w.nearest[tap] == 0) continue;
        int32_t at = map[c * task.columns.dilation];
        use(tap, at < 0 ? task.constant : line[at * task.channels]);
      }
    }
  }
};

// A float as mantissa * 2**exponent, the mantissa odd or zero.
struct Parts {
  int64_t mantissa;
  int exponent;
};

Parts parts_of(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  int exponent = int(bits >> 23 & 255);
  int64_t mantissa = bits & 0x7fffff;
  if (exponent) mantissa |= 0x800000; else exponent = 1;
  if (!mantissa) return {0, 0};
  int zeros = __builtin_ctzll(uint64_t(mantissa));
  mantissa >>= zeros;
  return {bits >> 31 ? -mantissa : mantissa, exponent - 150 + zeros};
}

// What the pixels of one output value need: their exponents' range, and whether all are finite.
struct Spread {
  bool finite = true;
  double ieee = 0;  // the sum that IEEE 754 gives where they are not
  int low = 1000, high = -1000;  // exponents of the last and of the first bit
};

Spread spread_of(const FloatTaps& taps) {
  Spread s;
  taps.each([&](int64_t tap, float pixel) {
    double weight = taps.task.weights.nearest[tap];
    if (!__builtin_isfinite(pixel)) s.finite = false;
    s.ieee += (weight > 0 ? 1 : -1) * double(pixel);
    Parts p = parts_of(pixel);
    if (!p.mantissa || !__builtin_isfinite(pixel)) return;
    int high = p.exponent + bits_of(magnitude_of(p.mantissa));
    if (p.exponent < s.low) s.low = p.exponent;
    if (high > s.high) s.high = high;
  });
  return s;
}

double not_finite(const Task& task, double sum) {
  if (task.quotient.absolute) sum = sum < 0 ? -sum : sum;
  if (task.type_out == Type::f32) return sum;
  if (sum != sum) return 0;
  return double(sum > 0 ? highest(task.type_out) + 1 : lowest(task.type_out) - 1);
}

Wide wide_sum(const FloatTaps& taps, bool& negative) {
  Wide sums[2];
  taps.each([&](int64_t tap, float pixel) {
    Parts p = parts_of(pixel);
    if (!p.mantissa) return;
    i128 term = taps.task.weights.whole[tap] * p.mantissa;
    add(sums[term < 0], shifted(widened(magnitude_of(term)), p.exponent + 149));
  });
  negative = compared(sums[0], sums[1]) < 0;
  subtract(sums[negative], sums[!negative]);
  return sums[negative];
}

}  // namespace

double exact_whole(bool negative, u128 n, u128 d, Rounding rounding, Type type) {
  return within(negative, whole_magnitude(negative, n, d, rounding), type);
}

double exact_value(const Task& task, i128 sum) {
  if (bits_of(u128(task.quotient.factor)) + bits_of(magnitude_of(sum)) > 124)
    return wide_value(task, sum < 0, widened(magnitude_of(sum)), 0);
  i128 n = task.quotient.factor * sum + task.quotient.added;
  return rounded_quotient(n < 0, magnitude_of(n), u128(task.quotient.denominator), task);
}

double exact_float(const Task& task, int64_t row, int64_t column, int64_t channel) {
  const FloatTaps taps{task, row, column, channel};
  const Quotient& q = task.quotient;
  Spread s = spread_of(taps);
  if (!s.finite) return not_finite(task, s.ieee);
  if (s.high < s.low) return exact_value(task, 0);
  u128 weight = magnitude_of(task.weights.sum_positive) + magnitude_of(task.weights.sum_negative);
  int unit = s.low < 0 ? -s.low : 0;
  int bits = bits_of(weight) + s.high + unit + bits_of(u128(q.factor));
  bool fits = s.high + unit < 62 && bits < 124 && bits_of(magnitude_of(q.added)) + unit < 124 &&
              bits_of(u128(q.denominator)) + unit < 124;
  if (!fits) {
    bool negative;
    Wide sum = wide_sum(taps, negative);
    return wide_value(task, negative, sum, 149);
  }
  i128 sum = 0;
  taps.each([&](int64_t tap, float pixel) {
    Parts p = parts_of(pixel);
    if (p.mantissa) sum += task.weights.whole[tap] * (p.mantissa * (i128(1) << (p.exponent + unit)));
  });
  i128 n = q.factor * sum + q.added * (i128(1) << unit);
  u128 d = u128(q.denominator) << unit;
  return rounded_quotient(n < 0, magnitude_of(n), d, task);
}

}  // namespace imgconv
