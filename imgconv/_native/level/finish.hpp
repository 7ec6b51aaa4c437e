// From sums to output values, a row piece at a time; what a bound leaves open is done exactly.
#pragma once

#include "float_finish.hpp"
#include "lanes.hpp"
#include "open_values.hpp"
#include "scratch.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

inline constexpr int64_t piece_values = 1024;  // sums that are finished while in the L1 cache

using ExactValues = void (*)(const Task&, int64_t row, const int32_t* which, int64_t first,
                             int64_t count, double* to);

struct Finish {
  const Task& task;
  ExactValues exact;
  double* stage;   // piece_values and a vector of them
  int32_t* open;   // which values of a piece are to be done exactly
  int64_t open_count;
  Tally tally;
  FloatSteps floats{task};
};

using FinishPiece = void (*)(Finish&, const void* sums, int64_t row, int64_t first, int64_t count,
                             Bound bound);

template <bool half_even, class T>
inline __attribute__((always_inline)) T rounded(T value, Rounding rounding) {
  const T half = T(0.5);
  if constexpr (half_even) return __builtin_rint(value);
  if (rounding == Rounding::half_up) return __builtin_floor(value + half);
  if (rounding == Rounding::half_down) return __builtin_ceil(value - half);
  if (rounding == Rounding::truncate) return __builtin_trunc(value);
  return __builtin_rint(value);
}

// Not inline: it is rarely asked for, and stands in many places.
template <class T>
__attribute__((noinline)) Vector<T> rounded_lanes(Vector<T> values, Rounding rounding) {
  for (int lane = 0; lane < lanes_of<T>; ++lane)
    values[lane] = rounded<false, T>(values[lane], rounding);
  return values;
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

// As many sums as a vector of T has lanes, in T.
template <class T, class Sum>
inline __attribute__((always_inline)) Vector<T> load_as(const Sum* from) {
  typedef Sum Lanes __attribute__((vector_size(lanes_of<T> * sizeof(Sum))));
  Lanes lanes;
  __builtin_memcpy(&lanes, from, sizeof lanes);
  return __builtin_convertvector(lanes, Vector<T>);
}

// Note the lanes that are open, to be done exactly after the piece.
template <class T>
inline __attribute__((always_inline)) void note_open(Finish& f, Flags<T> open, int64_t start) {
  if (__builtin_expect(!any<T>(open), 1)) return;
#if defined(__AVX512BW__)
  const uint32_t bits = bits_of_flags<T>(open);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i at = _mm512_add_epi32(lanes, _mm512_set1_epi32(int32_t(start)));
  _mm512_storeu_si512(f.open + f.open_count, _mm512_maskz_compress_epi32(__mmask16(bits), at));
  f.open_count += __builtin_popcount(bits);
#else
  int64_t count = f.open_count;
  for (uint32_t left = bits_of_flags<T>(open); left; left &= left - 1)
    f.open[count++] = int32_t(start) + __builtin_ctz(left);
  f.open_count = count;
#endif
}

template <bool clips, class Sum, class Out, class T, bool divides, bool half_even>
void affine_piece(Finish& f, const Sum* sums, Out* to, int64_t count) {
  const Affine<T> a(f.task.method, f.task.quotient);
  const T low = T(lowest(f.task.type_out)), high = T(highest(f.task.type_out));
  const bool absolute = f.task.quotient.absolute;
  T* stage = reinterpret_cast<T*>(f.stage);
  if constexpr (sizeof(Out) == 4) {
    for (int64_t i = 0; i < count; ++i) {
      T sum = T(sums[i]);
      T value = affine<divides>(a, absolute ? T(__builtin_fabs(sum)) : sum);
      to[i] = Out(value) + Out(0);
    }
  } else {
    Count<T> clipped;
    write_each<T>(count, to, stage, [&](int64_t i, Flags<T> counts, auto) {
      Vector<T> sum = load_as<T>(sums + i);
      if (absolute) sum = magnitude<T>(sum);
      Vector<T> value = sum * a.factor + a.added;
      if constexpr (divides) value = value / a.divisor;
      if constexpr (clips) value = at_most<T>(high + 2, at_least<T>(low - 2, value));
      if constexpr (half_even) {
        value = nearest<T>(value);
      } else {
        value = rounded_lanes<T>(value, f.task.rounding);
      }
      Vector<T> inside = clips ? at_most<T>(high, at_least<T>(low, value)) : value;
      if constexpr (clips) clipped.add(differ<T>(inside, value) & counts);
      return inside;
    });
    f.tally.clipped += clipped.sum();
  }
}

// Only what is common skips the clamp: each way more takes the compiler as long again.
template <class Sum, class Out, class T, bool divides, bool half_even>
void finish_affine(Finish& f, const Sum* sums, Out* to, int64_t count) {
  if constexpr (half_even && sizeof(T) == 4 && sizeof(Out) < 4)
    if (!f.task.clips)
      return affine_piece<false, Sum, Out, T, divides, half_even>(f, sums, to, count);
  affine_piece<true, Sum, Out, T, divides, half_even>(f, sums, to, count);
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
  Count<T> clipped;
  write_each<T>(count, to, stage, [&](int64_t i, Flags<T> counts, auto) {
    Vector<T> value = load_as<T>(sums + i) + added;
    if (absolute) value = magnitude<T>(value);
    Vector<T> inside = at_most<T>(high, at_least<T>(low, value));
    clipped.add(differ<T>(inside, value) & counts);
    return inside;
  });
  f.tally.clipped += clipped.sum();
}

template <class Sum, class Out, bool half_even>
void finish_integer(Finish& f, const Sum* sums, Out* to, int64_t count) {
  if constexpr (sizeof(Out) < 4) {
    const bool adds = f.task.method == Method::add || f.task.method == Method::add_short;
    if constexpr (sizeof(Sum) == 2)
      if (f.task.method == Method::add_short)
        return finish_add<Sum, Out, int16_t>(f, sums, to, count);
    if (adds) return finish_add<Sum, Out, int32_t>(f, sums, to, count);
  }
  switch (f.task.method) {
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
template <bool clips, class Out>
void finish_fixed(Finish& f, const int32_t* sums, Out* to, int64_t count) {
  const int shift = f.task.plan.shift;
  const Quotient& q = f.task.quotient;
  const int32_t added =
      int32_t(__builtin_rint(__builtin_ldexp(double(q.added) / double(q.denominator), shift)));
  const bool truncates = f.task.rounding == Rounding::truncate;
  const int32_t half = truncates ? 0 : int32_t(1) << (shift - 1);
  const int32_t mask = (int32_t(1) << shift) - 1, bound = int32_t(f.task.plan.bound);
  const int32_t low = int32_t(lowest(f.task.type_out)), high = int32_t(highest(f.task.type_out));
  const bool absolute = q.absolute;
  int32_t* stage = reinterpret_cast<int32_t*>(f.stage);
  const Vector<int32_t> most = splat<int32_t>(2 * bound);
  Count<int32_t> clipped;
  write_each<int32_t>(count, to, stage, [&](int64_t i, Flags<int32_t> counts, auto extent) {
    Vector<int32_t> edge = load<int32_t>(sums + i);
    if (absolute) edge = magnitude<int32_t>(edge + added) + half;
    else edge += added + half;
    Vector<int32_t> whole = edge;
    if (truncates) whole += Vector<int32_t>(edge < 0) & mask;
    whole >>= shift;
    Flags<int32_t> open = not_more<int32_t>((edge + bound) & mask, most);
    if constexpr (is_part<decltype(extent)>) open &= counts;
    Vector<int32_t> inside = clips ? at_most<int32_t>(high, at_least<int32_t>(low, whole)) : whole;
    if constexpr (clips) clipped.add(differ<int32_t>(inside, whole) & counts & ~open);
    note_open<int32_t>(f, open, i);
    return inside;
  });
  f.tally.clipped += clipped.sum();
}

template <bool clips, bool plain, class T, class Out>
void finish_real(Finish& f, const T* sums, Out* to, int64_t count, double bound) {
  const Quotient& q = f.task.quotient;
  const T added = T(double(q.added) / double(q.denominator));
  const T error = T(bound), low = T(lowest(f.task.type_out)), high = T(highest(f.task.type_out));
  const Vector<T> settled = splat<T>(T(0.5) - error * T(1.0001)), errors = splat<T>(error);
  const bool truncates = !plain && f.task.rounding == Rounding::truncate;
  const bool absolute = !plain && q.absolute;
  T* stage = reinterpret_cast<T*>(f.stage);
  Count<T> clipped;
  write_each<T>(count, to, stage, [&](int64_t i, Flags<T> counts, auto extent) {
    Vector<T> value = load<T>(sums + i) + added;
    if (absolute) value = magnitude<T>(value);
    if constexpr (clips) value = at_most<T>(high + 2, at_least<T>(low - 2, value));
    Vector<T> whole = nearest<T>(value);
    Vector<T> distance = magnitude<T>(value - whole);
    Flags<T> open = truncates ? not_more<T>(distance, errors) : not_less<T>(distance, settled);
    if constexpr (is_part<decltype(extent)>) open &= counts;
    if (truncates) {
      Vector<T> below = whole > value ? whole - 1 : whole;
      whole = value < 0 ? below + 1 : below;
    }
    Vector<T> inside = clips ? at_most<T>(high, at_least<T>(low, whole)) : whole;
    if constexpr (clips) clipped.add(differ<T>(inside, whole) & counts & ~open);
    note_open<T>(f, open, i);
    return inside;
  });
  f.tally.clipped += clipped.sum();
}

// Values for a float output.
static inline void finish_float(Finish& f, const double* sums, float* to, int64_t count,
                                Bound bound) {
  const FloatFinish finish(f.floats, bound);
  with_rounds(finish, [&](auto rounds) {
    each_vector<double>(count, [&](int64_t i, Flags<double> counts, auto extent) {
      Narrow values;
      Flags<double> open = finish.template operator()<rounds>(load<double>(sums + i), values);
      if constexpr (is_part<decltype(extent)>)
        __builtin_memcpy(to + i, &values, size_t(extent.lanes) * sizeof(float));
      else
        __builtin_memcpy(to + i, &values, sizeof values);
      note_open<double>(f, open & counts, i);
    });
  });
}

template <class Out>
void recompute_open(Finish& f, Out* to, int64_t row, int64_t first) {
  double values[64];
  for (int64_t done = 0; done < f.open_count; done += 64) {
    int64_t count = f.open_count - done < 64 ? f.open_count - done : 64;
    const int32_t* open = f.open + done;
    f.exact(f.task, row, open, first, count, values);
    for (int64_t i = 0; i < count; ++i)
      f.tally.clipped += put(to + open[i], values[i], f.task.type_out);
  }
  f.tally.recomputed += f.open_count;
  f.open_count = 0;
}

// `sums` has room for a whole number of vectors; what stands after `count` is not heard.
template <class Sum, class Out>
void finish_piece(Finish& f, const void* from, int64_t row, int64_t first, int64_t count,
                  Bound bound) {
  const Sum* sums = static_cast<const Sum*>(from);
  Out* to = reinterpret_cast<Out*>(f.task.target + row * f.task.target_stride) + first;
  if (f.task.plan.meaning == Meaning::integer) {
    if constexpr (sizeof(Out) < 4)  // floats are not rounded to whole numbers
      if (f.task.rounding != Rounding::half_even)
        return finish_integer<Sum, Out, false>(f, sums, to, count);
    return finish_integer<Sum, Out, true>(f, sums, to, count);
  }
  constexpr bool real = Sum(0.5) != 0, to_float = sizeof(Out) == 4;
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
  if (f.open_count) recompute_open(f, to, row, first);
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
