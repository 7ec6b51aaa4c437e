// From sums to output values, a row piece at a time; what a bound leaves undecided is done exactly.
#pragma once

#include "float_finish.hpp"
#include "lanes.hpp"
#include "undecided.hpp"
#include "scratch.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

inline constexpr int64_t piece_values = 1024;  // sums that are finished while in the L1 cache

using ExactValues = void (*)(const Task&, int64_t row, const int32_t* which, int64_t first,
                             int64_t count, double* to);

struct Finish {
  const Task& task;
  ExactValues exact;
  double* stage;   // piece_values and a vector of them
  int32_t* undecided;   // which values of a piece are to be done exactly
  int64_t undecided_count;
  Counts counts;
  FloatSteps floats{task};
};

using FinishPiece = void (*)(Finish&, const void* sums, int64_t row, int64_t first, int64_t count,
                             Bound bound);

template <class T>
IMGCONV_INLINE T rounded(T value, Rounding rounding) {
  const T half = T(0.5);
  if (rounding == Rounding::half_up) return __builtin_floor(value + half);
  if (rounding == Rounding::half_down) return __builtin_ceil(value - half);
  if (rounding == Rounding::truncate) return __builtin_trunc(value);
  return __builtin_rint(value);
}

// The constants of a method, in the type that it computes in.
template <class T>
struct Affine {
  T factor, added, divisor;
  IMGCONV_NOINLINE Affine(Method method, const Quotient& q) {
    bool divides = method == Method::float_divide || method == Method::double_divide;
    double d = to_double(q.denominator);
    factor = T(divides ? to_double(q.factor) : to_double(q.factor) / d);
    added = T(divides ? to_double(q.added) : to_double(q.added) / d);
    divisor = T(d);
  }
};

// The value before it is rounded; monotone in the sum.
template <bool divides, class T>
IMGCONV_INLINE T affine(const Affine<T>& a, T sum) {
  return divides ? (sum * a.factor + a.added) / a.divisor : sum * a.factor + a.added;
}

// As many sums as a vector of T has lanes, in T.
template <class T, class Sum>
IMGCONV_INLINE Vector<T> load_as(const Sum* from) {
  typename VectorOf<Sum, int(lanes_of<T>)>::Type lanes;
  __builtin_memcpy(&lanes, from, sizeof lanes);
  return __builtin_convertvector(lanes, Vector<T>);
}

// Note the lanes that are undecided, to be done exactly after the piece.
template <class T>
IMGCONV_INLINE void note_undecided(Finish& f, Flags<T> undecided, int64_t start) {
  if (__builtin_expect(!Simd::any<T>(undecided), 1)) return;
  f.undecided_count += Simd::list_lanes(f.undecided + f.undecided_count,
                                        Simd::bits_of_flags<T>(undecided), int32_t(start));
}

template <bool clips, class Sum, class Out, class T, bool divides>
void affine_piece(Finish& f, const Sum* sums, Out* to, int64_t count) {
  const Affine<T> a(f.task.method, f.task.quotient);
  const T low = T(lowest(f.task.type_out)), high = T(highest(f.task.type_out));
  FlagCount<T> clipped;
  write_each<T>(count, to, reinterpret_cast<T*>(f.stage), [&](int64_t i, Flags<T> valid, auto) {
    Vector<T> value = load_as<T>(sums + i) * a.factor + a.added;
    if constexpr (divides) value = value / a.divisor;
    if constexpr (clips)
      value = Simd::at_most<T>(high + 2, Simd::at_least<T>(low - 2, value));
    value = Simd::nearest<T>(value);
    Vector<T> inside = clips ? Simd::at_most<T>(high, Simd::at_least<T>(low, value)) : value;
    if constexpr (clips) clipped.add(Simd::differ<T>(inside, value) & valid);
    return inside;
  });
  f.counts.clipped += clipped.sum();
}

// Sums without their signs, as T.
template <class T, class Sum>
IMGCONV_NOINLINE const T* magnitudes(Finish& f, const Sum* sums, int64_t count) {
  T* to = reinterpret_cast<T*>(f.stage);
  for (int64_t i = 0; i < count; ++i) to[i] = T(__builtin_fabs(T(sums[i])));
  return to;
}

// Only what is common skips the clamp, or is taken as it is: each way more takes the compiler as long
// again.
template <class Sum, class Out, class T, bool divides>
void finish_affine(Finish& f, const Sum* sums, Out* to, int64_t count) {
  if (f.task.quotient.absolute)
    return affine_piece<true, T, Out, T, divides>(f, magnitudes<T>(f, sums, count), to, count);
  if constexpr (sizeof(T) == 4)
    if (!f.task.clips) return affine_piece<false, Sum, Out, T, divides>(f, sums, to, count);
  affine_piece<true, Sum, Out, T, divides>(f, sums, to, count);
}

// The other roundings, which are seldom asked for: sums become values where they are.
template <class T>
IMGCONV_NOINLINE void round_sums(Finish& f, T* sums, int64_t count) {
  const Affine<T> a(f.task.method, f.task.quotient);
  const bool divides =
      f.task.method == Method::float_divide || f.task.method == Method::double_divide;
  const bool absolute = f.task.quotient.absolute;
  const Rounding rounding = f.task.rounding;
  const T low = T(lowest(f.task.type_out)), high = T(highest(f.task.type_out));
  int64_t clipped = 0;
  for (int64_t i = 0; i < count; ++i) {
    T sum = absolute ? T(__builtin_fabs(sums[i])) : sums[i];
    T value = divides ? affine<true>(a, sum) : affine<false>(a, sum);
    value = rounded(value, rounding);
    clipped += value < low || value > high;
    sums[i] = value < low ? low : value > high ? high : value;
  }
  f.counts.clipped += clipped;
}

template <class Sum, class Out, class T>
void finish_rounded(Finish& f, const Sum* sums, Out* to, int64_t count) {
  T* values = reinterpret_cast<T*>(f.stage);
  for (int64_t i = 0; i < count; ++i) values[i] = T(sums[i]);
  round_sums<T>(f, values, count);
  for (int64_t i = 0; i < count; ++i) to[i] = Out(int32_t(values[i]));
}

// Exact sums for a float output: every step in double is exact, but for the last.
template <class Sum>
void finish_exact_floats(Finish& f, const Sum* sums, float* to, int64_t count) {
  const Quotient& q = f.task.quotient;
  const Affine<double> a(f.task.method, q);
  const bool absolute = q.absolute;
  if (q.factor == 1 && q.denominator == 1 && !q.added && !absolute) {
    for (int64_t i = 0; i < count; ++i) to[i] = float(sums[i]) + 0.0f;
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    double sum = double(sums[i]);
    to[i] = float(affine<false>(a, absolute ? __builtin_fabs(sum) : sum)) + 0.0f;
  }
}

// Sums that are the values but for a whole number; T holds their sum.
template <class Sum, class Out, class T>
void finish_add(Finish& f, const Sum* sums, Out* to, int64_t count) {
  const T low = T(lowest(f.task.type_out));
  const T high = T(sizeof(T) == 2 && highest(f.task.type_out) > 32767
                       ? 32767 : highest(f.task.type_out));
  const T added = T(f.task.quotient.added);
  const bool absolute = f.task.quotient.absolute;
  T* stage = reinterpret_cast<T*>(f.stage);
  FlagCount<T> clipped;
  write_each<T>(count, to, stage, [&](int64_t i, Flags<T> valid, auto) {
    Vector<T> value = load_as<T>(sums + i) + added;
    if (absolute) value = Simd::magnitude<T>(value);
    Vector<T> inside = Simd::at_most<T>(high, Simd::at_least<T>(low, value));
    clipped.add(Simd::differ<T>(inside, value) & valid);
    return inside;
  });
  f.counts.clipped += clipped.sum();
}

template <class Sum, class Out>
void finish_integer(Finish& f, const Sum* sums, Out* to, int64_t count) {
  if constexpr (sizeof(Out) == 4) {
    return finish_exact_floats<Sum>(f, sums, to, count);
  } else {
    const Method method = f.task.method;
    const bool in_float = method == Method::float_multiply || method == Method::float_divide;
    if constexpr (sizeof(Sum) == 2)
      if (method == Method::add_short) return finish_add<Sum, Out, int16_t>(f, sums, to, count);
    if (method == Method::add || method == Method::add_short)
      return finish_add<Sum, Out, int32_t>(f, sums, to, count);
    if (f.task.rounding != Rounding::half_even)
      return in_float ? finish_rounded<Sum, Out, float>(f, sums, to, count)
                      : finish_rounded<Sum, Out, double>(f, sums, to, count);
    switch (method) {
      case Method::float_multiply:
        return finish_affine<Sum, Out, float, false>(f, sums, to, count);
      case Method::float_divide: return finish_affine<Sum, Out, float, true>(f, sums, to, count);
      case Method::double_divide: return finish_affine<Sum, Out, double, true>(f, sums, to, count);
      default: return finish_affine<Sum, Out, double, false>(f, sums, to, count);
    }
  }
}

// Values in units of 2**-shift: undecided when a boundary of rounding lies within the bound.
template <bool clips, class Out>
void finish_fixed(Finish& f, const int32_t* sums, Out* to, int64_t count) {
  const int shift = f.task.plan.shift;
  const Quotient& q = f.task.quotient;
  const int32_t added =
      int32_t(__builtin_rint(__builtin_ldexp(to_double(q.added) / to_double(q.denominator), shift)));
  const bool truncates = f.task.rounding == Rounding::truncate;
  const int32_t half = truncates ? 0 : int32_t(1) << (shift - 1);
  const int32_t mask = (int32_t(1) << shift) - 1, bound = int32_t(f.task.plan.bound);
  const int32_t low = int32_t(lowest(f.task.type_out)), high = int32_t(highest(f.task.type_out));
  const bool absolute = q.absolute;
  int32_t* stage = reinterpret_cast<int32_t*>(f.stage);
  const Vector<int32_t> most = splat<int32_t>(2 * bound);
  FlagCount<int32_t> clipped;
  write_each<int32_t>(count, to, stage, [&](int64_t i, Flags<int32_t> valid, auto extent) {
    Vector<int32_t> edge = load<int32_t>(sums + i);
    if (absolute) edge = Simd::magnitude<int32_t>(edge + added) + half;
    else edge += added + half;
    Vector<int32_t> whole = edge;
    if (truncates) whole += Vector<int32_t>(edge < 0) & mask;
    whole >>= shift;
    Flags<int32_t> undecided = Simd::not_more<int32_t>((edge + bound) & mask, most);
    if constexpr (is_tail<decltype(extent)>) undecided &= valid;
    Vector<int32_t> inside = clips ? Simd::at_most<int32_t>(high, Simd::at_least<int32_t>(low, whole)) : whole;
    if constexpr (clips) clipped.add(Simd::differ<int32_t>(inside, whole) & valid & ~undecided);
    note_undecided<int32_t>(f, undecided, i);
    return inside;
  });
  f.counts.clipped += clipped.sum();
}

template <bool clips, bool plain, class T, class Out>
void finish_real(Finish& f, const T* sums, Out* to, int64_t count, double bound) {
  const Quotient& q = f.task.quotient;
  const T added = T(to_double(q.added) / to_double(q.denominator));
  const T error = T(bound), low = T(lowest(f.task.type_out)), high = T(highest(f.task.type_out));
  const Vector<T> settled = splat<T>(T(0.5) - error * T(1.0001)), errors = splat<T>(error);
  const bool truncates = !plain && f.task.rounding == Rounding::truncate;
  const bool absolute = !plain && q.absolute;
  T* stage = reinterpret_cast<T*>(f.stage);
  FlagCount<T> clipped;
  write_each<T>(count, to, stage, [&](int64_t i, Flags<T> valid, auto extent) {
    Vector<T> value = load<T>(sums + i) + added;
    if (absolute) value = Simd::magnitude<T>(value);
    if constexpr (clips) value = Simd::at_most<T>(high + 2, Simd::at_least<T>(low - 2, value));
    Vector<T> whole = Simd::nearest<T>(value);
    Vector<T> distance = Simd::magnitude<T>(value - whole);
    Flags<T> undecided = truncates ? Simd::not_more<T>(distance, errors) : Simd::not_less<T>(distance, settled);
    if constexpr (is_tail<decltype(extent)>) undecided &= valid;
    if (truncates) {
      Vector<T> below = whole > value ? whole - 1 : whole;
      whole = value < 0 ? below + 1 : below;
    }
    Vector<T> inside = clips ? Simd::at_most<T>(high, Simd::at_least<T>(low, whole)) : whole;
    if constexpr (clips) clipped.add(Simd::differ<T>(inside, whole) & valid & ~undecided);
    note_undecided<T>(f, undecided, i);
    return inside;
  });
  f.counts.clipped += clipped.sum();
}

// Values for a float output.
static inline void finish_float(Finish& f, const double* sums, float* to, int64_t count,
                                Bound bound) {
  const FloatFinish finish(f.floats, bound);
  with_rounds(finish, [&](auto rounds) {
    each_vector<double>(count, [&](int64_t i, Flags<double> valid, auto extent) {
      NarrowFloats values;
      Flags<double> undecided = finish.template operator()<rounds>(load<double>(sums + i), values);
      if constexpr (is_tail<decltype(extent)>)
        __builtin_memcpy(to + i, &values, size_t(extent.lanes) * sizeof(float));
      else
        __builtin_memcpy(to + i, &values, sizeof values);
      note_undecided<double>(f, undecided & valid, i);
    });
  });
}

template <class Out>
void recompute_undecided(Finish& f, Out* to, int64_t row, int64_t first) {
  double values[64];
  for (int64_t done = 0; done < f.undecided_count; done += 64) {
    int64_t count = f.undecided_count - done < 64 ? f.undecided_count - done : 64;
    const int32_t* undecided = f.undecided + done;
    f.exact(f.task, row, undecided, first, count, values);
    for (int64_t i = 0; i < count; ++i)
      f.counts.clipped += put(to + undecided[i], values[i], f.task.type_out);
  }
  f.counts.recomputed += f.undecided_count;
  f.undecided_count = 0;
}

// `sums` has room for a whole number of vectors; what stands after `count` is not heard.
template <class Sum, class Out>
void finish_piece(Finish& f, const void* from, int64_t row, int64_t first, int64_t count,
                  Bound bound) {
  const Sum* sums = static_cast<const Sum*>(from);
  Out* to = reinterpret_cast<Out*>(f.task.target + row * f.task.target_stride) + first;
  if (f.task.plan.sum_kind == SumKind::integer)
    return finish_integer<Sum, Out>(f, sums, to, count);
  constexpr bool real = is_floating<Sum>, to_float = sizeof(Out) == 4;
  if constexpr (real && !to_float) {
    bool plain = f.task.rounding != Rounding::truncate && !f.task.quotient.absolute;
    if (!plain) finish_real<true, false, Sum, Out>(f, sums, to, count, bound.error);
    else if (f.task.clips) finish_real<true, true, Sum, Out>(f, sums, to, count, bound.error);
    else finish_real<false, true, Sum, Out>(f, sums, to, count, bound.error);
  }
  if constexpr (sizeof(Sum) == 8 && to_float) finish_float(f, sums, to, count, bound);
  if constexpr (sizeof(Sum) == 4 && !real && !to_float) {
    if (f.task.clips) finish_fixed<true, Out>(f, sums, to, count);
    else finish_fixed<false, Out>(f, sums, to, count);
  }
  if (f.undecided_count) recompute_undecided(f, to, row, first);
}

// The sums themselves, which are exact.
template <class Sum>
void write_sums(Finish& f, const void* from, int64_t row, int64_t first, int64_t count, Bound) {
  const Sum* sums = static_cast<const Sum*>(from);
  double* to = reinterpret_cast<double*>(f.task.target + row * f.task.target_stride) + first;
  for (int64_t i = 0; i < count; ++i) to[i] = double(sums[i]) + 0.0;
}

template <class Sum>
FinishPiece finish_for(Type type) {
  switch (type) {
    case Type::u8: return finish_piece<Sum, uint8_t>;
    case Type::u16:
    case Type::i16: return finish_piece<Sum, uint16_t>;  // the bits are those of both
    case Type::f64: return write_sums<Sum>;
    default: return finish_piece<Sum, float>;
  }
}

// What a method makes of one sum before it is clamped: for the proof.
static inline double rounded_by(Method method, const Quotient& q, Rounding rounding, double sum) {
  if (method == Method::float_multiply)
    return rounded(affine<false>(Affine<float>(method, q), float(sum)), rounding);
  if (method == Method::float_divide)
    return rounded(affine<true>(Affine<float>(method, q), float(sum)), rounding);
  if (method == Method::double_multiply)
    return rounded(affine<false>(Affine<double>(method, q), sum), rounding);
  return rounded(affine<true>(Affine<double>(method, q), sum), rounding);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
