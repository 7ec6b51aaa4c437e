// Which floating-point formula rounds every sum of a kernel right.
//
// Every formula is monotone in the sum, and so is the exact result. So it is right everywhere if it
// is right on both sides of each step of the exact result: at the least sum that reaches an output
// value, and at the one before.
#include <cmath>
#include <vector>

#include "correlate.hpp"

namespace imgconv {
namespace {

// What a sum becomes in int16.
int32_t rounded_short(const ShortFinish& f, int32_t sum) {
  if (f.kind == ShortKind::add) return sum + f.added;
  if (f.kind == ShortKind::halve) {
    int32_t t = sum + f.added;
    return (t + (1 << (f.down - 1)) - 1 + ((t >> f.down) & 1)) >> f.down;
  }
  return (((sum * (1 << f.up)) * f.factor >> 16) + f.added) >> f.down;
}

i128 ceil_divided(i128 n, i128 d) { return -floor_divided(-n, d); }

// The least sum whose exactly rounded value is at least k.
i128 least_sum(const Quotient& q, Rounding rounding, i128 k) {
  if (rounding == Rounding::truncate) {
    if (k > 0) return ceil_divided(k * q.denominator - q.added, q.factor);
    return floor_divided((k - 1) * q.denominator - q.added, q.factor) + 1;
  }
  i128 n = (2 * k - 1) * q.denominator - 2 * q.added, d = 2 * q.factor;
  bool tie_reaches = rounding == Rounding::half_up || (rounding == Rounding::half_even && k % 2 == 0);
  return tie_reaches ? ceil_divided(n, d) : floor_divided(n, d) + 1;
}

bool proved(const Isa& isa, Method method, const Quotient& q, Rounding rounding, Type out,
            i128 low, i128 high) {
  auto value = [&](i128 sum) { return isa.rounded(method, q, rounding, to_double(sum)); };
  for (int64_t k = lowest(out); k <= highest(out) + 1; ++k) {
    i128 step = least_sum(q, rounding, k);
    if (step > low && !(value(step > high ? high : step - 1) < double(k))) return false;
    if (step <= high && !(value(step < low ? low : step) >= double(k))) return false;
  }
  return true;
}

// A multiplication that rounds sums to bytes, and was proved right.
ShortFinish scaled_short(const Quotient& q, i128 low, i128 high, Rounding rounding) {
  const i128 most = 32767, largest = high > -low ? high : -low;
  std::vector<i128> steps;
  for (int k = 0; k <= 256; ++k) steps.push_back(least_sum(q, rounding, k));
  auto right = [&](const ShortFinish& f) {
    for (int k = 0; k <= 256; ++k) {
      i128 step = steps[size_t(k)];
      if (step > low && rounded_short(f, int32_t(step > high ? high : step - 1)) >= k) return false;
      if (step <= high && rounded_short(f, int32_t(step < low ? low : step)) < k) return false;
    }
    return true;
  };
  int up = 0;
  while (largest << (up + 1) <= most) ++up;
  double gain = to_double(q.factor) / to_double(q.denominator);
  double bias = to_double(q.added) / to_double(q.denominator) + 0.5;
  for (int down = 14; down >= 0; --down) {
    double factor = std::rint(std::ldexp(gain, down + 16 - up));
    double offset = std::floor(std::ldexp(bias, down));
    double reach = std::ldexp(double(largest) * factor, up - 16) + std::abs(offset) + 4;
    if (factor < 1 || factor > 32767 || reach > 32767) continue;
    for (int more = 0; more < 3; ++more) {
      ShortFinish f{ShortKind::scale, up, int(factor), int(offset) + more, down};
      if (right(f)) return f;
    }
  }
  return {};
}

bool is_power_of_two(i128 n) { return (n & (n - 1)) == 0; }

}  // namespace

Method proved_method(const Isa& isa, const Quotient& q, Rounding rounding, Type out, i128 low,
                     i128 high) {
  const i128 exact = i128(1) << 53;
  i128 largest = high > -low ? high : -low;
  bool small = largest < exact && q.factor < exact && q.denominator < exact;
  i128 added = q.added < 0 ? -q.added : q.added;
  if (!small || added >= exact || largest * q.factor + added >= exact) return Method::none;
  if (q.absolute && q.added != 0) return Method::none;
  if (out == Type::f64) return Method::double_multiply;  // the sums themselves
  if (out == Type::f32)  // then every step in double is exact, but for the last
    return is_power_of_two(q.denominator) ? Method::double_multiply : Method::none;
  if (q.denominator == 1 && q.factor == 1 && largest + added < i128(1) << 30)
    return largest + added <= 32767 ? Method::add_short : Method::add;
  if (q.absolute) {
    high = largest;
    low = 0;
  }
  for (Method method : {Method::float_multiply, Method::float_divide, Method::double_multiply,
                        Method::double_divide})
    if (proved(isa, method, q, rounding, out, low, high)) return method;
  return Method::none;
}

ShortFinish proved_short(const Quotient& q, i128 low, i128 high) {
  const ShortFinish none{};
  const i128 most = 32767, limit = 1 << 24;
  i128 added = q.added < 0 ? -q.added : q.added, largest = high > -low ? high : -low;
  if (largest > most || q.factor > limit || q.denominator > limit || added > limit * 256) return none;
  if (q.factor == 1 && is_power_of_two(q.denominator) && largest + added + q.denominator <= most) {
    int down = __builtin_ctzll(uint64_t(q.denominator));
    return {down ? ShortKind::halve : ShortKind::add, 0, 0, int(q.added), down};
  }
  const ShortFinish scaled = scaled_short(q, low, high, Rounding::half_even);
  if (scaled.kind != ShortKind::none || q.denominator % 2 || q.denominator > most) return scaled;
  // Both sides of a half: no formula that is monotone has them, but half up has one of them.
  ShortFinish even = scaled_short(q, low, high, Rounding::half_up);
  if (even.kind == ShortKind::none) return none;
  even.kind = ShortKind::scale_even;
  even.whole_factor = int(int16_t(q.factor));  // modulo 2**16, as all of the remainder
  even.whole_added = int(q.added % 65536);
  even.denominator = int(q.denominator);
  return even;
}

}  // namespace imgconv
