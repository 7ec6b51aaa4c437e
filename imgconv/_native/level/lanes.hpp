// Going through a row piece by vectors, and writing what comes of it in the output type.
#pragma once

#include "vectors.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

template <class T>
struct MaskOf {
  using Lane = int32_t;
};
template <>
struct MaskOf<double> {
  using Lane = int64_t;
};
template <>
struct MaskOf<int16_t> {
  using Lane = int16_t;
};
template <class T>
using Mask = Vector<typename MaskOf<T>::Lane>;

template <class T>
inline constexpr int64_t lanes_of = vector_bytes / int64_t(sizeof(T));

template <class T>
int64_t counted(Mask<T> negative) {  // lanes hold minus how often
  int64_t count = 0;
  for (int i = 0; i < lanes_of<T>; ++i) count -= negative[i];
  return count;
}

// What holds of which lanes: a bit for each where the instruction set compares into bits, else a
// mask as wide as the lanes.
#if defined(__AVX512BW__)
template <class T>
using Flags = uint32_t;

#define IMGCONV_COMPARE(name, integer, real)                                                     \
  template <class T>                                                                             \
  inline __attribute__((always_inline)) Flags<T> name(Vector<T> a, Vector<T> b) {                \
    if constexpr (sizeof(T) == 2) return _mm512_cmp_epi16_mask(__m512i(a), __m512i(b), integer); \
    else if constexpr (sizeof(T) == 8) return _mm512_cmp_pd_mask(__m512d(a), __m512d(b), real);  \
    else if constexpr (T(0.5) != 0) return _mm512_cmp_ps_mask(__m512(a), __m512(b), real);       \
    else return _mm512_cmp_epi32_mask(__m512i(a), __m512i(b), integer);                          \
  }
IMGCONV_COMPARE(differ, _MM_CMPINT_NE, _CMP_NEQ_UQ)
IMGCONV_COMPARE(not_less, _MM_CMPINT_NLT, _CMP_NLT_UQ)
IMGCONV_COMPARE(not_more, _MM_CMPINT_LE, _CMP_NGT_UQ)
#undef IMGCONV_COMPARE

template <class T>
Flags<T> first_lanes(int64_t n) {
  return uint32_t((uint64_t(1) << n) - 1);
}

template <class T>
inline __attribute__((always_inline)) bool any(Flags<T> flags) { return flags != 0; }

// A bit for each lane, and none above: GCC 12 keeps a narrow mask in memory and reads more of it than
// it has written, and believes that these bits are 0 unless they may come from anywhere.
template <class T>
inline __attribute__((always_inline)) uint32_t bits_of_flags(Flags<T> flags) {
  asm("" : "+r"(flags));
  return flags & first_lanes<T>(lanes_of<T>);
}

// Counts flags.
template <class T>
struct Count {
  int64_t lanes = 0;
  void add(Flags<T> flags) { lanes += __builtin_popcount(bits_of_flags<T>(flags)); }
  int64_t sum() const { return lanes; }
};
#else
template <class T>
using Flags = Mask<T>;

template <class T>
inline __attribute__((always_inline)) Flags<T> differ(Vector<T> a, Vector<T> b) {
  return Mask<T>(a != b);
}

template <class T>
inline __attribute__((always_inline)) Flags<T> not_less(Vector<T> a, Vector<T> b) {
#if defined(__AVX__)
  if constexpr (sizeof(T) == 8) return Mask<T>(_mm256_cmp_pd(__m256d(a), __m256d(b), _CMP_NLT_UQ));
  else if constexpr (T(0.5) != 0)
    return Mask<T>(_mm256_cmp_ps(__m256(a), __m256(b), _CMP_NLT_UQ));
#endif
  return ~Mask<T>(a < b);
}

template <class T>
inline __attribute__((always_inline)) Flags<T> not_more(Vector<T> a, Vector<T> b) {
#if defined(__AVX__)
  if constexpr (sizeof(T) == 8) return Mask<T>(_mm256_cmp_pd(__m256d(a), __m256d(b), _CMP_NGT_UQ));
  else if constexpr (T(0.5) != 0)
    return Mask<T>(_mm256_cmp_ps(__m256(a), __m256(b), _CMP_NGT_UQ));
#endif
  return ~Mask<T>(a > b);
}

template <class T>
inline __attribute__((always_inline)) bool any(Flags<T> flags) {
#if defined(__AVX2__)
  return !_mm256_testz_si256(__m256i(flags), __m256i(flags));
#else
  int64_t words[sizeof flags / 8], some = 0;
  __builtin_memcpy(words, &flags, sizeof flags);
  for (int64_t word : words) some |= word;
  return some != 0;
#endif
}

// A bit for each lane of four bytes or eight.
template <class T>
inline __attribute__((always_inline)) uint32_t bits_of_flags(Flags<T> flags) {
#if defined(__AVX2__)
  if constexpr (sizeof(T) == 8) return uint32_t(_mm256_movemask_pd(__m256d(flags)));
  else return uint32_t(_mm256_movemask_ps(__m256(flags)));
#endif
  uint32_t bits = 0;
  for (int i = 0; i < lanes_of<T>; ++i) bits |= uint32_t(flags[i] & 1) << i;
  return bits;
}

// Lanes below n are set.
template <class T>
Flags<T> first_lanes(int64_t n) {
  Mask<T> mask;
  for (int i = 0; i < lanes_of<T>; ++i) mask[i] = i < n ? -1 : 0;
  return mask;
}

template <class T>
struct Count {
  Mask<T> lanes{};
  void add(Flags<T> flags) { lanes += flags; }
  int64_t sum() const { return counted<T>(lanes); }
};
#endif

// Whether two columns have the same weights.
template <class Weight>
bool same_columns(const Weight* weights, int64_t rows, int64_t columns, int64_t a, int64_t b) {
  for (int64_t r = 0; r < rows; ++r)
    if (weights[r * columns + a] != weights[r * columns + b]) return false;
  return true;
}

// Whether weights are the same from both ends.
template <class Weight>
bool is_symmetric(const Weight* weights, int64_t count) {
  for (int64_t i = 0; i < count / 2; ++i)
    if (weights[i] != weights[count - 1 - i]) return false;
  return true;
}

// Round to nearest, half to even; without an instruction for it where |x| is below 2**22.
template <class T>
inline __attribute__((always_inline)) Vector<T> nearest(Vector<T> x) {
#if defined(__AVX512F__)
  constexpr int how = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  if constexpr (sizeof(T) == 4) return Vector<T>(_mm512_roundscale_ps(__m512(x), how));
  else return Vector<T>(_mm512_roundscale_pd(__m512d(x), how));
#elif defined(__AVX__)
  constexpr int how = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  if constexpr (sizeof(T) == 4) return Vector<T>(_mm256_round_ps(__m256(x), how));
  else return Vector<T>(_mm256_round_pd(__m256d(x), how));
#else
  const Vector<T> magic = splat<T>(sizeof(T) == 4 ? T(12582912.0) : T(6755399441055744.0));
  return (x + magic) - magic;
#endif
}

template <class T>
inline __attribute__((always_inline)) Vector<T> magnitude(Vector<T> x) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 8) return Vector<T>(_mm512_abs_pd(__m512d(x)));
  else if constexpr (T(0.5) != 0) return Vector<T>(_mm512_abs_ps(__m512(x)));
#elif defined(__AVX__)
  if constexpr (sizeof(T) == 8) return Vector<T>(_mm256_andnot_pd(_mm256_set1_pd(-0.0), __m256d(x)));
  else if constexpr (T(0.5) != 0)
    return Vector<T>(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), __m256(x)));
#endif
  return x < 0 ? -x : x;
}

// A vector of which all lanes are output values, and one of which only the first are.
struct Whole {};
struct Part {
  int64_t lanes;
};
template <class Extent>
inline constexpr bool is_part = sizeof(Extent) == sizeof(Part);

// Where the instruction set narrows vectors well they are written at once; elsewhere they are
// staged, and the compiler's loop over a whole piece is better.
inline constexpr bool writes_at_once = vector_bytes == 64;

// Write values that are within the range of the output type.
template <class Out, class T>
inline __attribute__((always_inline)) void emit(Out* to, T* stage, Vector<T> values, Whole) {
  if constexpr (writes_at_once) {
    typedef int32_t Integers __attribute__((vector_size(lanes_of<T> * 4)));
    typedef Out Narrow __attribute__((vector_size(lanes_of<T> * sizeof(Out))));
    Narrow narrow;
    if constexpr (T(0.5) == 0) narrow = __builtin_convertvector(values, Narrow);
    else narrow = __builtin_convertvector(__builtin_convertvector(values, Integers), Narrow);
    __builtin_memcpy(to, &narrow, sizeof narrow);
  } else {
    store<T>(stage, values);
  }
}

template <class Out, class T>
inline __attribute__((always_inline)) void emit(Out* to, T* stage, Vector<T> values, Part part) {
  if constexpr (!writes_at_once) return store<T>(stage, values);
  for (int i = 0; i < part.lanes; ++i) to[i] = Out(int32_t(values[i]));
}

template <class Out, class T>
void flush(const T* __restrict stage, Out* __restrict to, int64_t count) {
  if constexpr (!writes_at_once)
    for (int64_t i = 0; i < count; ++i) to[i] = Out(int32_t(stage[i]));
}

// Write four vectors of values that are within the range of a byte, where instructions pack them.
template <class T>
inline __attribute__((always_inline)) void pack(uint8_t* to, const Vector<T> (&values)[4]) {
#if defined(__SSSE3__)
  Bytes words[4];
  for (int i = 0; i < 4; ++i)
    words[i] = Bytes(__builtin_convertvector(values[i], Vector<int32_t>));
  Bytes low = IMGCONV_BYTES(packs_epi32)(words[0], words[1]);
  Bytes high = IMGCONV_BYTES(packs_epi32)(words[2], words[3]);
  Bytes bytes = IMGCONV_BYTES(packus_epi16)(low, high);  // in the order of their 16 bytes
#if defined(__AVX512BW__)
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  bytes = _mm512_permutexvar_epi32(order, bytes);
#elif defined(__AVX2__)
  bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
#endif
  __builtin_memcpy(to, &bytes, sizeof bytes);
#endif
}

#if defined(__SSSE3__)
template <class Out, class T>
inline constexpr bool packs = sizeof(Out) == 1 && sizeof(T) == 4;
#else
template <class Out, class T>
inline constexpr bool packs = false;
#endif

// Call step(start, lanes that count, Whole or Part) for every vector of a piece.
template <class T, class StepOf>
inline __attribute__((always_inline)) void each_vector(int64_t count, StepOf step) {
  int64_t i = 0;
  const Flags<T> all = first_lanes<T>(lanes_of<T>);
  for (; i + lanes_of<T> <= count; i += lanes_of<T>) step(i, all, Whole{});
  if (i < count) step(i, first_lanes<T>(count - i), Part{count - i});
}

// Write what value(start, lanes that count, Whole or Part) gives for every vector of a piece; it is
// within the range of the output type. The stage has room for the piece and a vector.
template <class T, class Out, class ValueOf>
inline __attribute__((always_inline)) void write_each(int64_t count, Out* to, T* stage,
                                                      ValueOf value) {
  int64_t done = 0;
  if constexpr (packs<Out, T>) {
    const Flags<T> all = first_lanes<T>(lanes_of<T>);
    for (; done + 4 * lanes_of<T> <= count; done += 4 * lanes_of<T>) {
      Vector<T> values[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) values[i] = value(done + i * lanes_of<T>, all, Whole{});
      pack<T>(to + done, values);
    }
  }
  each_vector<T>(count - done, [&](int64_t i, Flags<T> counts, auto extent) {
    emit<Out, T>(to + done + i, stage + i, value(done + i, counts, extent), extent);
  });
  flush(stage, to + done, count - done);
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
