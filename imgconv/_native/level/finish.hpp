// From sums to output values, a row piece at a time; what a bound leaves open is done exactly.
#pragma once

#include "exact.hpp"
#include "scratch.hpp"
#include "vectors.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

inline constexpr int64_t piece_values = 1024;  // sums that are finished while in the L1 cache

struct Finish {
  const Task& task;
  double (*exact)(const Task&, int64_t row, int64_t column, int64_t channel);
  unsigned char* flags;  // piece_values of them
  Tally tally;
};

using FinishPiece = void (*)(Finish&, const void* sums, int64_t row, int64_t first, int64_t count,
                             double bound);

template <class Src>
double exact_at(const Task& task, int64_t row, int64_t column, int64_t channel) {
  return exact_pixel(Taps<Src>{task, row, column, channel});
}

template <bool half_even, class T>
inline __attribute__((always_inline)) T rounded(T value, Rounding rounding) {
  const T half = T(0.5);
  if constexpr (half_even) return __builtin_rint(value);
  if (rounding == Rounding::half_up) return __builtin_floor(value + half);
  if (rounding == Rounding::half_down) return __builtin_ceil(value - half);
  if (rounding == Rounding::truncate) return __builtin_trunc(value);
  return __builtin_rint(value);
}

// The constants of a method, in the type that it computes in.
template <class T>
struct Affine {
  T factor, added, divisor;
  Affine(Method method, const Quotient& q) {
    bool divides = method == Method::float_divide || method == Method::double_divide;
    double d = double(q.denominator);
    factor = T(divides ? double(q.factor) : double(q.factor) / d);
    added = T(divides ? double(q.added) : double(q.added) / d);
    divisor = T(d);
  }
};

// The value before it is rounded; monotone in the sum.
template <bool divides, class T>
inline __attribute__((always_inline)) T affine(const Affine<T>& a, T sum) {
  return divides ? (sum * a.factor + a.added) / a.divisor : sum * a.factor + a.added;
}

template <class Sum, class Out, class T, bool divides, bool half_even>
void finish_affine(Finish& f, const Sum* __restrict sums, Out* __restrict to, int64_t count) {
  const Affine<T> constants(f.task.method, f.task.quotient);
  const T low = T(lowest(f.task.type_out)), high = T(highest(f.task.type_out));
  const Rounding rounding = f.task.rounding;
  const bool absolute = f.task.quotient.absolute;
  int32_t clipped = 0;
  for (int64_t i = 0; i < count; ++i) {
    T sum = T(sums[i]);
    T value = affine<divides>(constants, absolute ? (sum < 0 ? -sum : sum) : sum);
    if constexpr (sizeof(Out) == 4) {
      to[i] = Out(value) + Out(0);
    } else {
      T whole = rounded<half_even>(value, rounding);
      T inside = whole < low ? low : whole > high ? high : whole;
      clipped += inside != whole;
      to[i] = Out(int32_t(inside));
    }
  }
  f.tally.clipped += clipped;
}

template <class Sum, class Out>
void finish_add(Finish& f, const Sum* __restrict sums, Out* __restrict to, int64_t count) {
  const int32_t low = int32_t(lowest(f.task.type_out)), high = int32_t(highest(f.task.type_out));
  const int32_t added = int32_t(f.task.quotient.added);
  const bool absolute = f.task.quotient.absolute;
  int32_t clipped = 0;
  for (int64_t i = 0; i < count; ++i) {
    int32_t value = int32_t(sums[i]) + added;
    value = absolute ? (value < 0 ? -value : value) : value;
    int32_t inside = value < low ? low : value > high ? high : value;
    clipped += inside != value;
    to[i] = Out(inside);
  }
  f.tally.clipped += clipped;
}

template <class Sum, class Out, bool half_even>
void finish_integer(Finish& f, const Sum* sums, Out* to, int64_t count) {
  switch (f.task.method) {
    case Method::add: return finish_add<Sum, Out>(f, sums, to, count);
    case Method::float_multiply:
      return finish_affine<Sum, Out, float, false, half_even>(f, sums, to, count);
    case Method::float_divide:
      return finish_affine<Sum, Out, float, true, half_even>(f, sums, to, count);
    case Method::double_divide:
      return finish_affine<Sum, Out, double, true, half_even>(f, sums, to, count);
    default: return finish_affine<Sum, Out, double, false, half_even>(f, sums, to, count);
  }
}

// Values in units of 2**-shift: open when a boundary of rounding lies within the bound.
template <class Out>
bool finish_fixed(Finish& f, const int32_t* __restrict sums, Out* __restrict to, int64_t count) {
  const Plan& plan = f.task.plan;
  const int shift = plan.shift;
  const Quotient& q = f.task.quotient;
  const int32_t added =
      int32_t(__builtin_rint(__builtin_ldexp(double(q.added) / double(q.denominator), shift)));
  const bool truncates = f.task.rounding == Rounding::truncate;
  const int32_t half = truncates ? 0 : int32_t(1) << (shift - 1);
  const int32_t mask = (int32_t(1) << shift) - 1, bound = int32_t(plan.bound);
  const int32_t low = int32_t(lowest(f.task.type_out)), high = int32_t(highest(f.task.type_out));
  unsigned char* __restrict flags = f.flags;
  int32_t clipped = 0;
  int32_t any = 0;
  for (int64_t i = 0; i < count; ++i) {
    int32_t sum = sums[i] + added;
    sum = q.absolute ? (sum < 0 ? -sum : sum) : sum;
    int32_t edge = sum + half;
    int32_t whole = (edge + (truncates && edge < 0 ? mask : 0)) >> shift;
    int32_t open = ((edge + bound) & mask) <= 2 * bound;
    int32_t inside = whole < low ? low : whole > high ? high : whole;
    flags[i] = (unsigned char)(open);
    any |= open;
    clipped += (inside != whole) & ~open;
    to[i] = Out(inside);
  }
  f.tally.clipped += clipped;
  return any;
}

template <class T, class Out, bool half_even>
bool finish_real(Finish& f, const T* __restrict sums, Out* __restrict to, int64_t count,
                 double bound) {
  const Quotient& q = f.task.quotient;
  const T added = T(double(q.added) / double(q.denominator));
  const T error = T(bound), low = T(lowest(f.task.type_out)), high = T(highest(f.task.type_out));
  const T settled = T(0.5) - error;
  const bool truncates = f.task.rounding == Rounding::truncate, absolute = q.absolute;
  unsigned char* __restrict flags = f.flags;
  int32_t clipped = 0, any = 0;
  for (int64_t i = 0; i < count; ++i) {
    T value = sums[i] + added;
    value = absolute ? __builtin_fabs(value) : value;
    int32_t open;
    if constexpr (sizeof(Out) == 4) {
      Out below = Out(value - error), above = Out(value + error);
      open = !(below == above);
      to[i] = above + Out(0);
    } else {
      value = value < low - 2 ? low - 2 : value > high + 2 ? high + 2 : value;
      T nearest = __builtin_rint(value);
      T distance = __builtin_fabs(value - nearest);
      open = truncates ? !(distance > error) : !(distance < settled);
      T whole = truncates ? __builtin_trunc(value) : nearest;
      T inside = whole > low ? (whole < high ? whole : high) : low;  // NaN becomes low
      clipped += (inside != whole) & !open;
      to[i] = Out(int32_t(inside));
    }
    flags[i] = (unsigned char)(open);
    any |= open;
  }
  f.tally.clipped += clipped;
  return any;
}

template <class Out>
void recompute_open(Finish& f, Out* to, int64_t row, int64_t first, int64_t count) {
  int64_t channels = f.task.channels;
  __builtin_memset(f.flags + count, 0, 8);
  for (int64_t start = 0; start < count; start += 8) {
    uint64_t eight;
    __builtin_memcpy(&eight, f.flags + start, 8);
    if (!eight) continue;
    for (int64_t i = start; i < start + 8; ++i) {
      if (!f.flags[i]) continue;
      int64_t at = first + i;
      double value = f.exact(f.task, row, at / channels, at % channels);
      f.tally.clipped += put(to + i, value, f.task.type_out);
      ++f.tally.recomputed;
    }
  }
}

template <class Sum, class Out>
void finish_piece(Finish& f, const void* from, int64_t row, int64_t first, int64_t count,
                  double bound) {
  const Sum* sums = static_cast<const Sum*>(from);
  Out* to = reinterpret_cast<Out*>(f.task.target + row * f.task.target_stride) + first;
  bool half_even = f.task.rounding == Rounding::half_even;
  bool open = false;
  if (f.task.plan.meaning == Meaning::integer) {
    if (half_even) finish_integer<Sum, Out, true>(f, sums, to, count);
    else finish_integer<Sum, Out, false>(f, sums, to, count);
    return;
  }
  if constexpr (sizeof(Sum) == 4 && Sum(0.5) == 0 && sizeof(Out) < 4)
    open = finish_fixed<Out>(f, sums, to, count);
  if constexpr (Sum(0.5) != 0)
    open = half_even ? finish_real<Sum, Out, true>(f, sums, to, count, bound)
                     : finish_real<Sum, Out, false>(f, sums, to, count, bound);
  if (open) recompute_open(f, to, row, first, count);
}

template <class Sum>
FinishPiece finish_for(Type type) {
  switch (type) {
    case Type::u8: return finish_piece<Sum, uint8_t>;
    case Type::u16: return finish_piece<Sum, uint16_t>;
    case Type::i16: return finish_piece<Sum, int16_t>;
    default: return finish_piece<Sum, float>;
  }
}

// What a method makes of one sum before it is clamped: for the proof.
static inline double rounded_by(Method method, const Quotient& q, Rounding rounding, double sum) {
  if (method == Method::float_multiply)
    return rounded<false>(affine<false>(Affine<float>(method, q), float(sum)), rounding);
  if (method == Method::float_divide)
    return rounded<false>(affine<true>(Affine<float>(method, q), float(sum)), rounding);
  if (method == Method::double_multiply)
    return rounded<false>(affine<false>(Affine<double>(method, q), sum), rounding);
  return rounded<false>(affine<true>(Affine<double>(method, q), sum), rounding);
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
