// The multiply-add instructions of one instruction set, one struct each.
//
// Every struct says: Stored, what the ring of source rows holds; rows, how many source rows lie
// interleaved in one lane; Sum, the type of a lane of the accumulators; Word, the weights that one
// lane is multiplied by; and how to add a product to the accumulators.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "../task.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
inline constexpr int block_vectors = 4;
#elif defined(__AVX2__)
inline constexpr int vector_bytes = 32;
inline constexpr int block_vectors = 2;
#else
inline constexpr int vector_bytes = 16;
inline constexpr int block_vectors = 2;
#endif

template <class T>
struct VectorOf {
  typedef T Type __attribute__((vector_size(vector_bytes)));
};
template <class T>
using Vector = typename VectorOf<T>::Type;

template <class T>
inline __attribute__((always_inline)) Vector<T> load(const void* from) {
  Vector<T> v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

template <class T>
inline __attribute__((always_inline)) void store(void* to, Vector<T> v) {
  __builtin_memcpy(to, &v, sizeof v);
}

template <class T>
inline __attribute__((always_inline)) Vector<T> splat(T x) {
  return x - Vector<T>{};
}

// The lesser and the greater; where a lane of x is not a number it stays so.
template <class T>
inline __attribute__((always_inline)) Vector<T> at_most(T limit, Vector<T> x) {
  Vector<T> limits = splat<T>(limit);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4 && T(0.5) != 0)
    return Vector<T>(_mm512_min_ps(__m512(limits), __m512(x)));
  if constexpr (sizeof(T) == 8) return Vector<T>(_mm512_min_pd(__m512d(limits), __m512d(x)));
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4 && T(0.5) != 0)
    return Vector<T>(_mm256_min_ps(__m256(limits), __m256(x)));
  if constexpr (sizeof(T) == 8) return Vector<T>(_mm256_min_pd(__m256d(limits), __m256d(x)));
#endif
  return x > limits ? limits : x;
}

template <class T>
inline __attribute__((always_inline)) Vector<T> at_least(T limit, Vector<T> x) {
  Vector<T> limits = splat<T>(limit);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4 && T(0.5) != 0)
    return Vector<T>(_mm512_max_ps(__m512(limits), __m512(x)));
  if constexpr (sizeof(T) == 8) return Vector<T>(_mm512_max_pd(__m512d(limits), __m512d(x)));
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4 && T(0.5) != 0)
    return Vector<T>(_mm256_max_ps(__m256(limits), __m256(x)));
  if constexpr (sizeof(T) == 8) return Vector<T>(_mm256_max_pd(__m256d(limits), __m256d(x)));
#endif
  return x < limits ? limits : x;
}

// Pixels in double, as many as a vector has lanes.
template <class Src>
inline __attribute__((always_inline)) Vector<double> load_pixels(const Src* from) {
  constexpr int lanes = int(vector_bytes / sizeof(double));
  typedef Src Pixels __attribute__((vector_size(lanes * sizeof(Src))));
  Pixels pixels;
  __builtin_memcpy(&pixels, from, sizeof pixels);
#if defined(__AVX512F__)  // the compiler would widen them in halves
  if constexpr (sizeof(Src) == 4) return Vector<double>(_mm512_cvtps_pd(__m256(pixels)));
#elif defined(__AVX__)
  if constexpr (sizeof(Src) == 4) return Vector<double>(_mm256_cvtps_pd(__m128(pixels)));
#endif
  if constexpr (sizeof(Src) == 4) return __builtin_convertvector(pixels, Vector<double>);
#if defined(__AVX2__)  // the compiler would widen them one by one
  __m128i raw = {};
  __builtin_memcpy(&raw, &pixels, sizeof pixels);
  constexpr bool bytes = sizeof(Src) == 1, positive = Src(-1) > Src(0);
#if defined(__AVX512F__)
  __m256i wide = bytes      ? _mm256_cvtepu8_epi32(raw)
                 : positive ? _mm256_cvtepu16_epi32(raw) : _mm256_cvtepi16_epi32(raw);
  return Vector<double>(_mm512_cvtepi32_pd(wide));
#else
  __m128i wide = bytes      ? _mm_cvtepu8_epi32(raw)
                 : positive ? _mm_cvtepu16_epi32(raw) : _mm_cvtepi16_epi32(raw);
  return Vector<double>(_mm256_cvtepi32_pd(wide));
#endif
#else
  typedef int32_t Integers __attribute__((vector_size(lanes * sizeof(int32_t))));
  return __builtin_convertvector(__builtin_convertvector(pixels, Integers), Vector<double>);
#endif
}

// Intrinsics on bytes and what they take, for what vectors of the compiler do not say.
#if defined(__SSSE3__)
#if defined(__AVX512BW__)
#define IMGCONV_BYTES(name) _mm512_##name
using Bytes = __m512i;
#elif defined(__AVX2__)
#define IMGCONV_BYTES(name) _mm256_##name
using Bytes = __m256i;
#else
#define IMGCONV_BYTES(name) _mm_##name
using Bytes = __m128i;
#endif
using Shorts = Vector<int16_t>;
#endif

#define IMGCONV_MAC static inline __attribute__((always_inline)) Vector<Sum> mac

struct MacF32 {
  using Stored = float;
  using Sum = float;
  using Word = float;
  static constexpr int rows = 1;
  IMGCONV_MAC(Vector<float> sum, Vector<float> x, Vector<float> w) {
#if defined(__AVX512F__)
    return Vector<float>(_mm512_fmadd_ps(__m512(x), __m512(w), __m512(sum)));
#elif defined(__FMA__)
    return Vector<float>(_mm256_fmadd_ps(__m256(x), __m256(w), __m256(sum)));
#else
    return sum + x * w;
#endif
  }
};

struct MacF64 {
  using Stored = double;
  using Sum = double;
  using Word = double;
  static constexpr int rows = 1;
  IMGCONV_MAC(Vector<double> sum, Vector<double> x, Vector<double> w) {
#if defined(__AVX512F__)
    return Vector<double>(_mm512_fmadd_pd(__m512d(x), __m512d(w), __m512d(sum)));
#elif defined(__FMA__)
    return Vector<double>(_mm256_fmadd_pd(__m256d(x), __m256d(w), __m256d(sum)));
#else
    return sum + x * w;
#endif
  }
};

struct MacFloats : MacF64 {  // that become doubles as they are loaded
  using Stored = float;
};

struct MacDot16 {  // two rows of int16; sums may wrap
  using Stored = int16_t;
  using Sum = int32_t;
  using Word = int32_t;
  static constexpr int rows = 2;
  IMGCONV_MAC(Vector<int32_t> sum, Vector<int32_t> x, Vector<int32_t> w) {
#if defined(__AVX512VNNI__)
    return Vector<int32_t>(_mm512_dpwssd_epi32(__m512i(sum), __m512i(x), __m512i(w)));
#elif defined(__AVX2__)
    __m256i products = _mm256_madd_epi16(__m256i(x), __m256i(w));
    return Vector<int32_t>(_mm256_add_epi32(__m256i(sum), products));
#elif defined(__SSE2__)
    return Vector<int32_t>(_mm_add_epi32(__m128i(sum), _mm_madd_epi16(__m128i(x), __m128i(w))));
#else
    Vector<uint32_t> left = Vector<uint32_t>(x), right = Vector<uint32_t>(w);
    Vector<int32_t> low = Vector<int32_t>(left << 16) >> 16;
    return sum + low * (Vector<int32_t>(right << 16) >> 16) + (x >> 16) * (w >> 16);
#endif
  }
};

#if defined(__AVX512VNNI__)
struct MacDot8 {  // four rows of bytes
  using Stored = uint8_t;
  using Sum = int32_t;
  using Word = int32_t;
  static constexpr int rows = 4;
  IMGCONV_MAC(Vector<int32_t> sum, Vector<int32_t> x, Vector<int32_t> w) {
    return Vector<int32_t>(_mm512_dpbusd_epi32(__m512i(sum), __m512i(x), __m512i(w)));
  }
};
#endif

#if defined(__SSSE3__)
struct MacTaps16 {  // two rows of bytes, sums in int16
  using Stored = uint8_t;
  using Sum = int16_t;
  using Word = int16_t;
  static constexpr int rows = 2;
  IMGCONV_MAC(Vector<int16_t> sum, Vector<int16_t> x, Vector<int16_t> w) {
#if defined(__AVX512BW__)
    return sum + Vector<int16_t>(_mm512_maddubs_epi16(__m512i(x), __m512i(w)));
#elif defined(__AVX2__)
    return sum + Vector<int16_t>(_mm256_maddubs_epi16(__m256i(x), __m256i(w)));
#else
    return sum + Vector<int16_t>(_mm_maddubs_epi16(__m128i(x), __m128i(w)));
#endif
  }
};
#endif

#undef IMGCONV_MAC

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
