// x86-64-v4 with VNNI: vectors of 64 bytes, and comparisons into bits.
#pragma once

#include <immintrin.h>

#define IMGCONV_MM(name) _mm512_##name

namespace imgconv {
namespace IMGCONV_ISA {
inline constexpr int vector_bytes = 64;
inline constexpr int block_vectors = 4;
using Register = __m512i;
}  // namespace IMGCONV_ISA
}  // namespace imgconv

#include "../cpu.hpp"
#include "x86.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

struct Avx512 : X86<Avx512> {
  static constexpr uint32_t needs = cpu::sse4 | cpu::avx2 | cpu::avx512;
  static constexpr bool has_dot8 = true;
  static constexpr bool has_word_pairs = true;
  static constexpr bool has_symmetric = true;
  static constexpr bool fuses = true;
  static constexpr bool writes_at_once = true;
  static constexpr int most_radix = 8;    // there are registers for it
  static constexpr int pair_vectors = 4;  // and for this

  template <class T>
  static IMGCONV_INLINE Vector<T> multiply_add(Vector<T> sum, Vector<T> x, Vector<T> w) {
    if constexpr (sizeof(T) == 8)
      return Vector<T>(_mm512_fmadd_pd(__m512d(x), __m512d(w), __m512d(sum)));
    else return Vector<T>(_mm512_fmadd_ps(__m512(x), __m512(w), __m512(sum)));
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> at_most(T limit, Vector<T> x) {
    Vector<T> limits = splat<T>(limit);
    if constexpr (sizeof(T) == 8) return Vector<T>(_mm512_min_pd(__m512d(limits), __m512d(x)));
    else if constexpr (is_floating<T>)
      return Vector<T>(_mm512_min_ps(__m512(limits), __m512(x)));
    else return Generic::at_most<T>(limit, x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> at_least(T limit, Vector<T> x) {
    Vector<T> limits = splat<T>(limit);
    if constexpr (sizeof(T) == 8) return Vector<T>(_mm512_max_pd(__m512d(limits), __m512d(x)));
    else if constexpr (is_floating<T>)
      return Vector<T>(_mm512_max_ps(__m512(limits), __m512(x)));
    else return Generic::at_least<T>(limit, x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> magnitude(Vector<T> x) {
    if constexpr (sizeof(T) == 8) return Vector<T>(_mm512_abs_pd(__m512d(x)));
    else if constexpr (is_floating<T>) return Vector<T>(_mm512_abs_ps(__m512(x)));
    else return Generic::magnitude<T>(x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> nearest(Vector<T> x) {
    constexpr int how = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    if constexpr (sizeof(T) == 4) return Vector<T>(_mm512_roundscale_ps(__m512(x), how));
    else return Vector<T>(_mm512_roundscale_pd(__m512d(x), how));
  }

  static IMGCONV_INLINE double added_up(Vector<double> lanes) {
    return _mm512_reduce_add_pd(__m512d(lanes));
  }

  // The compiler would widen floats in halves and other pixels one by one.
  template <class Src>
  static IMGCONV_INLINE Vector<double> load_pixels(const Src* from) {
    if constexpr (sizeof(Src) == 4) {
      return Vector<double>(_mm512_cvtps_pd(_mm256_loadu_ps(from)));
    } else if constexpr (sizeof(Src) == 1) {
      __m128i raw = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
      return Vector<double>(_mm512_cvtepi32_pd(_mm256_cvtepu8_epi32(raw)));
    } else {
      __m128i raw = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      __m256i wide = Src(-1) > Src(0) ? _mm256_cvtepu16_epi32(raw) : _mm256_cvtepi16_epi32(raw);
      return Vector<double>(_mm512_cvtepi32_pd(wide));
    }
  }

  // The compiler would narrow them in halves.
  static IMGCONV_INLINE NarrowFloats narrowed(Vector<double> x) {
    return NarrowFloats(_mm512_cvtpd_ps(__m512d(x)));
  }

  static IMGCONV_INLINE Words in_whole(Vector<float> x) {
    return Words(_mm512_cvtps_epi32(__m512(x)));
  }

  // Doubles that lie a few lanes further are shifted into place from two vectors that are there
  // already: to load them anew takes twice as long, for they mostly begin within a cache line.
  class DoubleRow {
   public:
    explicit IMGCONV_INLINE DoubleRow(const double* from) {
      IMGCONV_UNROLL(5)
      for (int v = 0; v <= block_vectors; ++v) vectors_[v] = load<double>(from + v * lanes);
    }

    template <int by>
    IMGCONV_INLINE Vector<double> at(int v) const {
      if constexpr (by == 0) return vectors_[v];
      if constexpr (by == lanes) return vectors_[v + 1];
      if constexpr (by % lanes != 0)
        return Vector<double>(
            _mm512_alignr_epi64(__m512i(vectors_[v + 1]), __m512i(vectors_[v]), by % lanes));
    }

   private:
    static constexpr int lanes = int(lanes_of<double>);
    Vector<double> vectors_[block_vectors + 1];
  };

  static IMGCONV_INLINE void transpose(const double* from, int64_t from_pitch, double* to,
                                       int64_t to_pitch) {
    __m512d a[8], b[8];
    for (int i = 0; i < 8; ++i) a[i] = _mm512_loadu_pd(from + i * from_pitch);
    for (int i = 0; i < 8; i += 2) {
      b[i] = _mm512_unpacklo_pd(a[i], a[i + 1]);
      b[i + 1] = _mm512_unpackhi_pd(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
      for (int k = 0; k < 2; ++k) {
        a[i + k] = _mm512_shuffle_f64x2(b[i + k], b[i + k + 2], 0x88);
        a[i + k + 2] = _mm512_shuffle_f64x2(b[i + k], b[i + k + 2], 0xdd);
      }
    for (int k = 0; k < 4; ++k) {
      _mm512_storeu_pd(to + k * to_pitch, _mm512_shuffle_f64x2(a[k], a[k + 4], 0x88));
      _mm512_storeu_pd(to + (k + 4) * to_pitch, _mm512_shuffle_f64x2(a[k], a[k + 4], 0xdd));
    }
  }

  // Flags: bits.

  template <class T>
  using Flags = uint32_t;

  template <class T>
  static IMGCONV_INLINE Flags<T> differ(Vector<T> a, Vector<T> b) {
    return compared<T, _MM_CMPINT_NE, _CMP_NEQ_UQ>(a, b);
  }
  template <class T>
  static IMGCONV_INLINE Flags<T> not_less(Vector<T> a, Vector<T> b) {
    return compared<T, _MM_CMPINT_NLT, _CMP_NLT_UQ>(a, b);
  }
  template <class T>
  static IMGCONV_INLINE Flags<T> not_more(Vector<T> a, Vector<T> b) {
    return compared<T, _MM_CMPINT_LE, _CMP_NGT_UQ>(a, b);
  }
  static IMGCONV_INLINE Flags<double> differ(NarrowFloats a, NarrowFloats b) {
    return _mm256_cmp_ps_mask(__m256(a), __m256(b), _CMP_NEQ_UQ);
  }
  static IMGCONV_INLINE Flags<int16_t> beyond_bytes(Shorts sums) {
    return _mm512_test_epi16_mask(__m512i(sums), _mm512_set1_epi16(-256));
  }

  template <class T>
  static Flags<T> first_lanes(int64_t n) {
    return uint32_t((uint64_t(1) << n) - 1);
  }

  template <class T>
  static IMGCONV_INLINE bool any(Flags<T> flags) {
    return flags != 0;
  }

  // A bit for each lane, and none above: GCC 12 keeps a narrow mask in memory and reads more of it
  // than it has written, and believes that these bits are 0 unless they may come from anywhere.
  template <class T>
  static IMGCONV_INLINE uint32_t bits_of_flags(Flags<T> flags) {
    opaque(flags);
    return flags & first_lanes<T>(lanes_of<T>);
  }

  template <class T>
  struct FlagCount {
    int64_t lanes = 0;
    void add(Flags<T> flags) { lanes += __builtin_popcount(bits_of_flags<T>(flags)); }
    int64_t sum() const { return lanes; }
  };

  static IMGCONV_INLINE int64_t list_lanes(int32_t* to, uint32_t bits, int32_t start) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i at = _mm512_add_epi32(lanes, _mm512_set1_epi32(start));
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(__mmask16(bits), at));
    return __builtin_popcount(bits);
  }

  static IMGCONV_INLINE Words dot_pairs(Words sum, Words x, Words w) {
    return Words(_mm512_dpwssd_epi32(__m512i(sum), __m512i(x), __m512i(w)));
  }

  // Multiply-add of bytes by signed bytes into int32, four rows in each lane of a sum.
  struct MacDot8 {
    using Stored = uint8_t;
    using Sum = int32_t;
    using Word = int32_t;
    using Pixels = Words;
    using Factor = Words;
    static constexpr int rows = 4, offset = 0;
    static IMGCONV_INLINE Pixels load_pixels(const unsigned char* from) { return load<Sum>(from); }
    static IMGCONV_INLINE Factor factor(Word word) { return splat<int32_t>(word); }
    static IMGCONV_INLINE Words mac(Words sum, Words x, Words w) {
      return Words(_mm512_dpbusd_epi32(__m512i(sum), __m512i(x), __m512i(w)));
    }
  };

  // Write four vectors as bytes; all are within their range.
  static IMGCONV_INLINE void pack(uint8_t* to, const Words (&values)[4]) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, __m512i(packed(values))));
  }

  static IMGCONV_INLINE void keep(Bytes& x) { asm("" : "+v"(x)); }

  // From the order of place_of_word to that of the values.
  static IMGCONV_INLINE void in_order(Words (&quarters)[4]) {
    using Wide = Vector<int64_t>;
    const Wide q[4] = {Wide(quarters[0]), Wide(quarters[1]), Wide(quarters[2]), Wide(quarters[3])};
    Wide a = shuffled<0, 1, 8, 9, 2, 3, 10, 11>(q[0], q[1]);
    Wide b = shuffled<0, 1, 8, 9, 2, 3, 10, 11>(q[2], q[3]);
    Wide c = shuffled<4, 5, 12, 13, 6, 7, 14, 15>(q[0], q[1]);
    Wide d = shuffled<4, 5, 12, 13, 6, 7, 14, 15>(q[2], q[3]);
    quarters[0] = Words(shuffled<0, 1, 2, 3, 8, 9, 10, 11>(a, b));
    quarters[1] = Words(shuffled<4, 5, 6, 7, 12, 13, 14, 15>(a, b));
    quarters[2] = Words(shuffled<0, 1, 2, 3, 8, 9, 10, 11>(c, d));
    quarters[3] = Words(shuffled<4, 5, 6, 7, 12, 13, 14, 15>(c, d));
  }

  template <int apart, class T>
  static IMGCONV_INLINE Vector<T> running_sums(Vector<T> x) {
    if constexpr (apart == 1 && sizeof(T) == 4) {
      const __m512i zero = _mm512_setzero_si512();
      x += Vector<T>(_mm512_alignr_epi32(__m512i(x), zero, 15));
      x += Vector<T>(_mm512_alignr_epi32(__m512i(x), zero, 14));
      x += Vector<T>(_mm512_alignr_epi32(__m512i(x), zero, 12));
      return x + Vector<T>(_mm512_alignr_epi32(__m512i(x), zero, 8));
    } else {
      return Generic::running_sums<apart, T>(x);
    }
  }

 private:
  template <class T, int of_integers, int of_reals>
  static IMGCONV_INLINE Flags<T> compared(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 2) return _mm512_cmp_epi16_mask(__m512i(a), __m512i(b), of_integers);
    else if constexpr (sizeof(T) == 8)
      return _mm512_cmp_pd_mask(__m512d(a), __m512d(b), of_reals);
    else if constexpr (is_floating<T>) return _mm512_cmp_ps_mask(__m512(a), __m512(b), of_reals);
    else return _mm512_cmp_epi32_mask(__m512i(a), __m512i(b), of_integers);
  }
};

using Simd = Avx512;

}  // namespace IMGCONV_ISA
}  // namespace imgconv
