// x86-64-v3: vectors of 32 bytes with AVX2 and FMA.
#pragma once

#include <immintrin.h>

#define IMGCONV_MM(name) _mm256_##name

namespace imgconv {
namespace IMGCONV_ISA {
inline constexpr int vector_bytes = 32;
inline constexpr int block_vectors = 2;
using Register = __m256i;
}  // namespace IMGCONV_ISA
}  // namespace imgconv

#include "../cpu.hpp"
#include "x86.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

struct Avx2 : X86<Avx2> {
  static constexpr uint32_t needs = cpu::sse4 | cpu::avx2;
  static constexpr bool has_word_pairs = true;
  static constexpr bool has_symmetric = true;
  static constexpr bool fuses = true;

  template <class T>
  static IMGCONV_INLINE Vector<T> multiply_add(Vector<T> sum, Vector<T> x, Vector<T> w) {
    if constexpr (sizeof(T) == 8)
      return Vector<T>(_mm256_fmadd_pd(__m256d(x), __m256d(w), __m256d(sum)));
    else return Vector<T>(_mm256_fmadd_ps(__m256(x), __m256(w), __m256(sum)));
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> at_most(T limit, Vector<T> x) {
    Vector<T> limits = splat<T>(limit);
    if constexpr (sizeof(T) == 8) return Vector<T>(_mm256_min_pd(__m256d(limits), __m256d(x)));
    else if constexpr (is_floating<T>)
      return Vector<T>(_mm256_min_ps(__m256(limits), __m256(x)));
    else return Generic::at_most<T>(limit, x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> at_least(T limit, Vector<T> x) {
    Vector<T> limits = splat<T>(limit);
    if constexpr (sizeof(T) == 8) return Vector<T>(_mm256_max_pd(__m256d(limits), __m256d(x)));
    else if constexpr (is_floating<T>)
      return Vector<T>(_mm256_max_ps(__m256(limits), __m256(x)));
    else return Generic::at_least<T>(limit, x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> magnitude(Vector<T> x) {
    if constexpr (sizeof(T) == 8)
      return Vector<T>(_mm256_andnot_pd(_mm256_set1_pd(-0.0), __m256d(x)));
    else if constexpr (is_floating<T>)
      return Vector<T>(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), __m256(x)));
    else return Generic::magnitude<T>(x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> nearest(Vector<T> x) {
    constexpr int how = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    if constexpr (sizeof(T) == 4) return Vector<T>(_mm256_round_ps(__m256(x), how));
    else return Vector<T>(_mm256_round_pd(__m256d(x), how));
  }

  // The compiler would widen pixels one by one.
  template <class Src>
  static IMGCONV_INLINE Vector<double> load_pixels(const Src* from) {
    if constexpr (sizeof(Src) == 4) {
      return Vector<double>(_mm256_cvtps_pd(_mm_loadu_ps(from)));
    } else if constexpr (sizeof(Src) == 1) {
      int32_t raw;
      __builtin_memcpy(&raw, from, sizeof raw);
      return Vector<double>(_mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(raw))));
    } else {
      __m128i raw = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
      __m128i wide = Src(-1) > Src(0) ? _mm_cvtepu16_epi32(raw) : _mm_cvtepi16_epi32(raw);
      return Vector<double>(_mm256_cvtepi32_pd(wide));
    }
  }

  static IMGCONV_INLINE NarrowFloats narrowed(Vector<double> x) {
    return NarrowFloats(_mm256_cvtpd_ps(__m256d(x)));
  }

  static IMGCONV_INLINE Words in_whole(Vector<float> x) {
    return Words(_mm256_cvtps_epi32(__m256(x)));
  }

  template <class T>
  static IMGCONV_INLINE Flags<T> not_less(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 8)
      return Mask<T>(_mm256_cmp_pd(__m256d(a), __m256d(b), _CMP_NLT_UQ));
    else if constexpr (is_floating<T>)
      return Mask<T>(_mm256_cmp_ps(__m256(a), __m256(b), _CMP_NLT_UQ));
    else return Generic::not_less<T>(a, b);
  }

  template <class T>
  static IMGCONV_INLINE Flags<T> not_more(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 8)
      return Mask<T>(_mm256_cmp_pd(__m256d(a), __m256d(b), _CMP_NGT_UQ));
    else if constexpr (is_floating<T>)
      return Mask<T>(_mm256_cmp_ps(__m256(a), __m256(b), _CMP_NGT_UQ));
    else return Generic::not_more<T>(a, b);
  }

  template <class T>
  static IMGCONV_INLINE bool any(Flags<T> flags) {
    return !_mm256_testz_si256(__m256i(flags), __m256i(flags));
  }

  template <class T>
  static IMGCONV_INLINE uint32_t bits_of_flags(Flags<T> flags) {
    if constexpr (sizeof(T) == 8) return uint32_t(_mm256_movemask_pd(__m256d(flags)));
    else return uint32_t(_mm256_movemask_ps(__m256(flags)));
  }

  static IMGCONV_INLINE void transpose(const double* from, int64_t from_pitch, double* to,
                                       int64_t to_pitch) {
    __m256d a[4], b[4];
    for (int i = 0; i < 4; ++i) a[i] = _mm256_loadu_pd(from + i * from_pitch);
    for (int i = 0; i < 4; i += 2) {
      b[i] = _mm256_unpacklo_pd(a[i], a[i + 1]);
      b[i + 1] = _mm256_unpackhi_pd(a[i], a[i + 1]);
    }
    for (int k = 0; k < 2; ++k) {
      _mm256_storeu_pd(to + k * to_pitch, _mm256_permute2f128_pd(b[k], b[k + 2], 0x20));
      _mm256_storeu_pd(to + (k + 2) * to_pitch, _mm256_permute2f128_pd(b[k], b[k + 2], 0x31));
    }
  }

  // Write four vectors as bytes; all are within their range.
  static IMGCONV_INLINE void pack(uint8_t* to, const Words (&values)[4]) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i bytes = _mm256_permutevar8x32_epi32(__m256i(packed(values)), order);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
  }

  static IMGCONV_INLINE void keep(Bytes& x) { asm("" : "+v"(x)); }

  // From the order of place_of_word to that of the values.
  static IMGCONV_INLINE void in_order(Words (&quarters)[4]) {
    __m256i q[4];
    for (int i = 0; i < 4; ++i) q[i] = __m256i(quarters[i]);
    quarters[0] = Words(_mm256_permute2x128_si256(q[0], q[1], 0x20));
    quarters[1] = Words(_mm256_permute2x128_si256(q[2], q[3], 0x20));
    quarters[2] = Words(_mm256_permute2x128_si256(q[0], q[1], 0x31));
    quarters[3] = Words(_mm256_permute2x128_si256(q[2], q[3], 0x31));
  }

  template <int apart, class T>
  static IMGCONV_INLINE Vector<T> running_sums(Vector<T> x) {
    if constexpr (apart == 1 && sizeof(T) == 8) {
      const __m256d zero = _mm256_setzero_pd();
      x += Vector<T>(_mm256_blend_pd(_mm256_permute4x64_pd(__m256d(x), 0x90), zero, 1));
      return x + Vector<T>(_mm256_permute2f128_pd(__m256d(x), __m256d(x), 0x08));
    } else if constexpr (apart == 1) {
      x += Vector<T>(_mm256_slli_si256(__m256i(x), 4));
      x += Vector<T>(_mm256_slli_si256(__m256i(x), 8));
      __m256i low = _mm256_permute2x128_si256(__m256i(x), __m256i(x), 0x08);
      return x + Vector<T>(_mm256_shuffle_epi32(low, 0xff));
    } else {
      return Generic::running_sums<apart, T>(x);
    }
  }
};

using Simd = Avx2;

}  // namespace IMGCONV_ISA
}  // namespace imgconv
