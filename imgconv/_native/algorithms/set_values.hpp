// The sums of a set's members to one value, and of a pair to a direction.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "chunks.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

template <bool sizes, bool wins, class T>
void take_greater(int64_t member, T* __restrict all, T* __restrict best, const T* __restrict from,
                  T factor, int64_t count) {
  const T number = T(member);
  for (int64_t i = 0; i < count && !member; ++i) {
    T v = from[i] * factor;
    all[i] = sizes ? size_of_value(v) : v;
    if (wins) best[i] = 0;
  }
  for (int64_t i = 0; i < count && member; ++i) {
    T v = from[i] * factor, size = sizes ? size_of_value(v) : v, before = all[i];
    bool known = size <= before || before != before;  // what is not a number is greatest, and stays
    all[i] = known ? before : size;
    if (wins) best[i] = known ? best[i] : number;
  }
}

template <class T>
void add_member(Combine how, int64_t member, T* __restrict all, T* __restrict best,
                const T* __restrict from, T factor, int64_t count) {
  switch (how) {
    case Combine::root:
      for (int64_t i = 0; i < count; ++i) {
        T v = from[i] * factor, square = v * v;
        all[i] = member ? all[i] + square : square;
      }
      return;
    case Combine::sum_abs:
      for (int64_t i = 0; i < count; ++i) {
        T v = from[i] * factor, size = size_of_value(v);
        all[i] = member ? all[i] + size : size;
      }
      return;
    case Combine::max: return take_greater<false, false>(member, all, best, from, factor, count);
    case Combine::max_abs: return take_greater<true, false>(member, all, best, from, factor, count);
    case Combine::winner: return take_greater<false, true>(member, all, best, from, factor, count);
    default: return take_greater<true, true>(member, all, best, from, factor, count);
  }
}

IMGCONV_INLINE float root_of(float x) { return __builtin_sqrtf(x); }
IMGCONV_INLINE double root_of(double x) { return __builtin_sqrt(x); }

// What follows a sum: (factor * x + added) / divisor, in as few steps as have the same result.
template <class T>
struct AfterSum {
  T factor, added, divisor;
  explicit AfterSum(const Affinity& a)
      : factor(T(a.factor)), added(T(a.added)), divisor(T(a.divisor)) {
    int exponent;
    if (std::frexp(a.divisor, &exponent) != 0.5 || exponent > 60) return;
    factor /= divisor;  // powers of two change no digit
    added /= divisor;
    divisor = 1;
  }
  void take(T* __restrict v, int64_t count) const {
    if (factor != 1 || added != 0)
      for (int64_t i = 0; i < count; ++i) v[i] = v[i] * factor + added;
    if (divisor != 1)
      for (int64_t i = 0; i < count; ++i) v[i] = v[i] / divisor;
  }
};

// The greatest of four members' numbers, and of what is there where `more`.
template <bool sizes, class T>
void take_greatest(T* __restrict all, const T* const* from, const T* by, bool more, int64_t count) {
  const T *__restrict a = from[0], *__restrict b = from[1], *__restrict c = from[2],
          *__restrict d = from[3];
  const auto number = [](T x) { return sizes ? size_of_value(x) : x; };
  for (int64_t i = 0; i < count; ++i) {
    const T v = number(a[i] * by[0]), w = number(b[i] * by[1]);
    const T x = number(c[i] * by[2]), y = number(d[i] * by[3]);
    const T first = v < w ? w : v, second = x < y ? y : x;
    const T greatest = first < second ? second : first;
    all[i] = more && !(all[i] < greatest) ? all[i] : greatest;
  }
}

// The root of two members' squares.
template <class T>
void take_pair(T* __restrict all, const T* __restrict first, T by, const T* __restrict second,
               T other, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const T a = first[i] * by, b = second[i] * other;
    all[i] = root_of(a * a + b * b);
  }
}

// Floats: the steps in double, one after the other.
template <class T>
void write_floats(const Combination& set, const T* from, int64_t count, float* to) {
  const double gain = set.value.factor, added = set.value.added;
  const bool absolute = set.target.absolute;
  for (int64_t i = 0; i < count; ++i) {
    double v = double(from[i]) * gain + added;
    to[i] = float(absolute ? size_of_value(v) : v) + 0.0f;
  }
}

// A root of sums in float, rounded in double; tell whether it is decided. `most` is the greatest size
// of what is rounded.
template <class T>
bool rounded_root(const Combination& set, int64_t at, double most, T& to) {
  if (sizeof(T) == 8) return false;  // nothing tells more
  double squares = 0;
  for (int64_t m = 0; m < set.count; ++m) {
    const double value = double(static_cast<const T*>(set.members[m])[at]) * set.factors[m];
    squares += value * value;
  }
  const double low = double(lowest(set.target.type)) - 1, high = double(highest(set.target.type)) + 1;
  double x = (__builtin_sqrt(squares) * set.value.factor + set.value.added) / set.value.divisor;
  x = x > low ? x : low;
  x = x < high ? x : high;
  const double near = (x + magic<double>)-magic<double>, moved = x + 0.5;
  const double from_half = size_of_value(moved - ((moved + magic<double>)-magic<double>));
  const bool up = set.target.rounding == Rounding::half_up;
  if (set.proof == Proof::none && !(from_half >= 0x1p-46 * most)) return false;
  const bool half = from_half == 0 && set.target.rounding != Rounding::half_even;
  to = T(half ? (up ? x + 0.5 : x - 0.5) : near);
  return true;
}

// Decide what lies too near a half for the steps in T, and tell what stays open.
template <class T>
void check_values(const Combination& set, int64_t at, int64_t count, T* __restrict found,
                 uint8_t* __restrict doubts) {
  const double added = size_of_value(set.value.added / set.value.divisor);
  const double most = double(highest(set.target.type)) + 2 + 2 * added;
  const T doubt = T(most * (sizeof(T) == 4 ? 0x1p-20 : 0x1p-46));
  const T low = T(lowest(set.target.type)) - 1, high = T(highest(set.target.type)) + 1;
  int32_t left = 0;
  for (int64_t i = 0; i < count; ++i) {
    T x = found[i] > low ? found[i] : low;
    x = x < high ? x : high;
    const T moved = x + T(0.5);
    const bool open = !(size_of_value(moved - ((moved + magic<T>)-magic<T>)) >= doubt);
    doubts[i] = open;
    left += open;
  }
  for (int64_t i = 0; left; ++i)
    if (doubts[i]) {
      doubts[i] = !rounded_root<T>(set, at + i, most, found[i]);
      if (doubts[i]) found[i] = 0;
      --left;
    }
}

template <class T>
int64_t combined(const Combination& set, int64_t values, void* to, uint8_t* doubts) {
  T all[chunk<T>], best[chunk<T>];
  int64_t clipped = 0;
  const bool checked = set.proof != Proof::all;
  const double gain = set.value.factor / set.value.divisor;
  const bool floats = set.target.type == Type::f32;
  const bool wins = set.how == Combine::winner || set.how == Combine::winner_abs;
  const bool greatest =
      (set.how == Combine::max || set.how == Combine::max_abs) && !set.may_be_nan && !floats;
  const AfterSum<T> after(set.value);
  const auto times = [&](int64_t member) {  // far beyond every range it is finite in float too
    return T(checked ? std::clamp(set.factors[member] * gain, -1e30, 1e30) : set.factors[member]);
  };
  for (int64_t at = 0; at < values; at += chunk<T>) {
    int64_t count = values - at < chunk<T> ? values - at : chunk<T>;
    const auto sums = [&](int64_t m) { return static_cast<const T*>(set.members[m]) + at; };
    if (set.how == Combine::root && set.count == 2) {
      take_pair<T>(all, sums(0), times(0), sums(1), times(1), count);
    } else if (greatest) {
      for (int64_t m = 0; m < set.count; m += 4) {
        const T* from[4];
        T by[4];
        for (int64_t i = 0; i < 4; ++i) {
          const int64_t member = m + i < set.count ? m + i : m;  // one twice changes nothing
          from[i] = sums(member), by[i] = times(member);
        }
        if (set.how == Combine::max) take_greatest<false>(all, from, by, m > 0, count);
        else take_greatest<true>(all, from, by, m > 0, count);
      }
    } else {
      for (int64_t m = 0; m < set.count; ++m)
        add_member<T>(set.how, m, all, best, sums(m), times(m), count);
      for (int64_t i = 0; i < count && set.how == Combine::root; ++i) all[i] = root_of(all[i]);
    }
    T* found = wins ? best : all;
    if (floats) {
      write_floats<T>(set, found, count, static_cast<float*>(to) + at);
      continue;
    }
    if (checked) {
      const T moved = T(set.value.added / set.value.divisor);
      for (int64_t i = 0; i < count; ++i) found[i] += moved;
      check_values<T>(set, at, count, found, doubts + at);
    } else {
      after.take(found, count);
    }
    if (set.may_be_nan)
      for (int64_t i = 0; i < count; ++i) found[i] = found[i] == found[i] ? found[i] : T(0);
    clipped += write_chunk<T>(found, count, 0, set.target, to, at);
  }
  return clipped;
}

int64_t combine(const Combination& set, int64_t values, void* to, uint8_t* doubts) {
  return set.wide ? combined<double>(set, values, to, doubts)
                  : combined<float>(set, values, to, doubts);
}

// The share of a full turn that the arc tangent of 0 to 1 is: polynomials through Chebyshev's
// points, off by less than 1e-13, and 2**-24 for floats.
template <class T>
struct TurnTerms;
template <>
struct TurnTerms<double> {
  static constexpr double terms[] = {
      0.15915494309185552,    -0.05305164767893014,   0.03183098720374867,
      -0.02273637719993298,   0.017683185357945573,   -0.014461796883254137,
      0.012198396278647673,   -0.010409930751952873,  0.008704518533690999,
      -0.006766026008017104,  0.004557530628920315,   -0.0024538931048113553,
      0.0009607623828220601,  -0.00023850221547665478, 2.785036477301555e-05};
};
template <>
struct TurnTerms<float> {
  static constexpr float terms[] = {0.15915492681891627f,  -0.05304946153066153f,
                                    0.031782025228470394f, -0.022308087947115262f,
                                    0.015766042877445312f, -0.009448567547473816f,
                                    0.003846168518044251f, -0.0007430583500546175f};
};
template <class T>
IMGCONV_INLINE T turn_of(T t) {
  constexpr int last = int(sizeof TurnTerms<T>::terms / sizeof(T)) - 1;
  T square = t * t, sum = TurnTerms<T>::terms[last];
  IMGCONV_UNROLL(14)  // else the loop over values is not made of vectors
  for (int i = last - 1; i >= 0; --i) sum = sum * square + TurnTerms<T>::terms[i];
  return sum * t;
}

// The share of a full turn, from 0 to 1.
template <class T>
IMGCONV_INLINE T share_of(T x, T y) {
  T wide = size_of_value(x), high = size_of_value(y);
  T least = wide < high ? wide : high, most = wide < high ? high : wide;
  T share = turn_of<T>(least / (most > 0 ? most : T(1)));
  share = high > wide ? T(0.25) - share : share;
  share = x < 0 ? T(0.5) - share : share;
  return y < 0 ? T(1) - share : share;
}

// The whole level of a direction, of which the one after the last is the first; tell whether it is
// open, as what is not finite is. T is what it is computed in.
template <class T, class Out>
IMGCONV_INLINE bool level_of_direction(const Turn& turn, double a, double b, T doubt, Out& to) {
  const T x = T(a * turn.ax - b * turn.bx), y = T(b * turn.by - a * turn.ay);
  const T levels = T(turn.levels), level = share_of<T>(x, y) * levels, finite = (x - x) + (y - y);
  const T near = (level + magic<T>)-magic<T>, moved = level + T(0.5);
  to = Out(int32_t((near >= levels ? near - levels : near) + T(turn.low)));
  return !(size_of_value(moved - ((moved + magic<T>)-magic<T>)) >= doubt) | !(finite == 0);
}

template <class Out>
int64_t directions_as(const Turn& turn, const double* __restrict a, const double* __restrict b,
                      int64_t count, Out* __restrict to, uint8_t* __restrict doubts) {
  int64_t found = 0;
  const double doubt = 0x1p-40 * turn.levels;
  for (int64_t i = 0; i < count; ++i) {
    const bool open = level_of_direction<double>(turn, a[i], b[i], doubt, to[i]);
    doubts[i] = open;
    found += open;
  }
  return found;
}

// Of bytes, whose levels are far apart, floats tell nearly all: they are off by less than 2**-22
// turns. The others are computed again.
template <>
int64_t directions_as(const Turn& turn, const double* __restrict a, const double* __restrict b,
                      int64_t count, uint8_t* __restrict to, uint8_t* __restrict doubts) {
  constexpr int64_t some = 256;
  const double greatest = std::max({std::abs(turn.ax), std::abs(turn.bx), std::abs(turn.by),
                                    std::abs(turn.ay), std::numeric_limits<double>::min()});
  const double unit = std::scalbn(1.0, -std::ilogb(greatest));  // far from the ends of floats
  const Turn scaled{turn.ax * unit, turn.bx * unit, turn.by * unit, turn.ay * unit, turn.levels,
                    turn.low};
  int64_t found = 0;
  for (int64_t at = 0; at < count; at += some) {
    const int64_t end = count - at < some ? count : at + some;
    int32_t left = 0;
    for (int64_t i = at; i < end; ++i) {
      const bool open =
          level_of_direction<float>(scaled, a[i], b[i], 0x1p-21f * float(turn.levels), to[i]);
      doubts[i] = open;
      left += open;
    }
    for (int64_t i = at; left && i < end; ++i)
      if (doubts[i]) {
        doubts[i] = level_of_direction<double>(turn, a[i], b[i], 0x1p-40 * turn.levels, to[i]);
        found += doubts[i];
        --left;
      }
  }
  return found;
}

// Floats are open by a part of themselves.
template <>
int64_t directions_as(const Turn& turn, const double* __restrict a, const double* __restrict b,
                      int64_t count, float* __restrict to, uint8_t* __restrict doubts) {
  int64_t found = 0;
  const double levels = turn.levels;
  for (int64_t i = 0; i < count; ++i) {
    double x = a[i] * turn.ax - b[i] * turn.bx, y = b[i] * turn.by - a[i] * turn.ay;
    double level = share_of<double>(x, y) * levels, finite = (x - x) + (y - y);
    float below = float(level - level * 0x1p-40), above = float(level + level * 0x1p-40);
    bool open = !(below == above) | !(finite == 0);
    to[i] = above == float(levels) ? 0.0f : above;
    doubts[i] = open;
    found += open;
  }
  return found;
}

int64_t directions(const Turn& turn, const double* a, const double* b, int64_t count, Type type,
                   void* to, uint8_t* doubts) {
  switch (type) {
    case Type::u8: return directions_as(turn, a, b, count, static_cast<uint8_t*>(to), doubts);
    case Type::f32: return directions_as(turn, a, b, count, static_cast<float*>(to), doubts);
    default:  // the bits of both types of 16 are the same
      return directions_as(turn, a, b, count, static_cast<uint16_t*>(to), doubts);
  }
}

}  // namespace
}  // namespace IMGCONV_ISA
}  // namespace imgconv
