// 64-bit ARM: vectors of 16 bytes with NEON.
//
// Bytes are multiplied as signed ones: 128 is taken from each pixel first, and what that takes from
// a sum is put back at its start (`pixel_offset`).
#pragma once

#include <arm_neon.h>

namespace imgconv {
namespace IMGCONV_ISA {
inline constexpr int vector_bytes = 16;
inline constexpr int block_vectors = 4;
}  // namespace IMGCONV_ISA
}  // namespace imgconv

#include "../cpu.hpp"
#include "generic.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

struct Arm : Generic {
  static constexpr uint32_t needs = cpu::neon;
  static constexpr bool has_taps16 = true;
  static constexpr bool has_symmetric = true;
  static constexpr bool fuses = true;
  static constexpr bool packs_bytes = true;
  static constexpr int pixel_offset = 128;

  // Floating point.

  template <class T>
  static IMGCONV_INLINE Vector<T> multiply_add(Vector<T> sum, Vector<T> x, Vector<T> w) {
    if constexpr (sizeof(T) == 8)
      return Vector<T>(vfmaq_f64(float64x2_t(sum), float64x2_t(x), float64x2_t(w)));
    else return Vector<T>(vfmaq_f32(float32x4_t(sum), float32x4_t(x), float32x4_t(w)));
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> at_most(T limit, Vector<T> x) {
    if constexpr (sizeof(T) == 8) return Vector<T>(vminq_f64(vdupq_n_f64(limit), float64x2_t(x)));
    else if constexpr (is_floating<T>)
      return Vector<T>(vminq_f32(vdupq_n_f32(limit), float32x4_t(x)));
    else return Generic::at_most<T>(limit, x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> at_least(T limit, Vector<T> x) {
    if constexpr (sizeof(T) == 8) return Vector<T>(vmaxq_f64(vdupq_n_f64(limit), float64x2_t(x)));
    else if constexpr (is_floating<T>)
      return Vector<T>(vmaxq_f32(vdupq_n_f32(limit), float32x4_t(x)));
    else return Generic::at_least<T>(limit, x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> magnitude(Vector<T> x) {
    if constexpr (sizeof(T) == 8) return Vector<T>(vabsq_f64(float64x2_t(x)));
    else if constexpr (is_floating<T>) return Vector<T>(vabsq_f32(float32x4_t(x)));
    else return Generic::magnitude<T>(x);
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> nearest(Vector<T> x) {
    if constexpr (sizeof(T) == 8) return Vector<T>(vrndnq_f64(float64x2_t(x)));
    else return Vector<T>(vrndnq_f32(float32x4_t(x)));
  }

  static IMGCONV_INLINE double added_up(Vector<double> lanes) {
    return vaddvq_f64(float64x2_t(lanes));
  }

  template <class Src>
  static IMGCONV_INLINE Vector<double> load_pixels(const Src* from) {
    if constexpr (sizeof(Src) == 4) return Vector<double>(vcvt_f64_f32(vld1_f32(from)));
    else return Generic::load_pixels<Src>(from);
  }

  static IMGCONV_INLINE NarrowFloats narrowed(Vector<double> x) {
    return NarrowFloats(vcvt_f32_f64(float64x2_t(x)));
  }

  static IMGCONV_INLINE Words in_whole(Vector<float> x) {
    return Words(vcvtnq_s32_f32(float32x4_t(x)));
  }

  static IMGCONV_INLINE void transpose(const double* from, int64_t from_pitch, double* to,
                                       int64_t to_pitch) {
    const float64x2_t a = vld1q_f64(from), b = vld1q_f64(from + from_pitch);
    vst1q_f64(to, vtrn1q_f64(a, b));
    vst1q_f64(to + to_pitch, vtrn2q_f64(a, b));
  }

  // Flags.

  template <class T>
  static IMGCONV_INLINE Flags<T> differ(Vector<T> a, Vector<T> b) {
    return Generic::differ<T>(a, b);
  }
  static IMGCONV_INLINE Flags<double> differ(NarrowFloats a, NarrowFloats b) {
    const uint32x2_t same = vceq_f32(float32x2_t(a), float32x2_t(b));
    return Flags<double>(vmovl_s32(vreinterpret_s32_u32(vmvn_u32(same))));
  }

  template <class T>
  static IMGCONV_INLINE bool any(Flags<T> flags) {
    return vmaxvq_u32(uint32x4_t(flags)) != 0;
  }

  static IMGCONV_INLINE Flags<int16_t> beyond_bytes(Shorts sums) {
    return Flags<int16_t>(vtstq_s16(int16x8_t(sums), vdupq_n_s16(-256)));
  }

  // Whole numbers.

  // Multiply-add of int16 into int32.
  template <class S>
  struct MacDot16 {
    using Stored = int16_t;
    using Sum = int32_t;
    using Word = int16_t;
    using Pixels = int16x4_t;
    using Factor = int16x4_t;
    static constexpr int rows = 1, offset = 0;
    static IMGCONV_INLINE Pixels load_pixels(const unsigned char* from) {
      return vld1_s16(reinterpret_cast<const int16_t*>(from));
    }
    static IMGCONV_INLINE Factor factor(Word word) { return vdup_n_s16(word); }
    static IMGCONV_INLINE Words mac(Words sum, Pixels x, Factor w) {
      return Words(vmlal_s16(int32x4_t(sum), x, w));
    }
  };

  // Multiply-add of bytes by signed bytes into int16.
  struct MacTaps16 {
    using Stored = uint8_t;
    using Sum = int16_t;
    using Word = int16_t;
    using Pixels = int8x8_t;
    using Factor = int8x8_t;
    static constexpr int rows = 1, offset = pixel_offset;
    static IMGCONV_INLINE Pixels load_pixels(const unsigned char* from) {
      return vreinterpret_s8_u8(veor_u8(vld1_u8(from), vdup_n_u8(128)));
    }
    static IMGCONV_INLINE Factor factor(Word word) { return vdup_n_s8(int8_t(word)); }
    static IMGCONV_INLINE Shorts mac(Shorts sum, Pixels x, Factor w) {
      return Shorts(vmlal_s8(int16x8_t(sum), x, w));
    }
  };

  static IMGCONV_INLINE void keep(Bytes&) {}
  static constexpr bool rows_are_apart = true;  // a row of a pair can be left out
  static constexpr int pair_vectors = 4;        // of a block

  struct BytePair {
    int8x16_t row[2];
  };
  template <int lines>  // bit 0: the one above is wanted; bit 1: the one below
  static IMGCONV_INLINE BytePair pair(Bytes above, Bytes below) {
    const uint8x16_t offset = vdupq_n_u8(pixel_offset);
    BytePair found = {};
    if constexpr ((lines & 1) != 0)
      found.row[0] = vreinterpretq_s8_u8(veorq_u8(uint8x16_t(above), offset));
    if constexpr ((lines & 2) != 0)
      found.row[1] = vreinterpretq_s8_u8(veorq_u8(uint8x16_t(below), offset));
    return found;
  }
  template <int lines>
  static IMGCONV_INLINE void add_pair(Shorts (&sums)[2], const BytePair& pair, int32_t weights) {
    if constexpr ((lines & 1) != 0) add_bytes(sums, pair.row[0], int8_t(weights & 255));
    if constexpr ((lines & 2) != 0) add_bytes(sums, pair.row[1], int8_t(weights >> 8 & 255));
  }

  // The value of a block whose sum is in a lane of sums[0]; that of sums[1] is 8 further.
  static constexpr int place_of_short(int lane) { return lane; }

  // Saturated to bytes.
  static IMGCONV_INLINE Bytes packed(Shorts low, Shorts high) {
    return Bytes(vqmovun_high_s16(vqmovun_s16(int16x8_t(low)), int16x8_t(high)));
  }

  // No product of two is 2**30, as the second one is not negative.
  static IMGCONV_INLINE Shorts high_product(Shorts a, Shorts b) {
    return Shorts(vshrq_n_s16(vqdmulhq_s16(int16x8_t(a), int16x8_t(b)), 1));
  }

  // Write four vectors as bytes; all are within their range.
  static IMGCONV_INLINE void pack(uint8_t* to, const Words (&values)[4]) {
    const int16x8_t low = vuzp1q_s16(int16x8_t(values[0]), int16x8_t(values[1]));
    const int16x8_t high = vuzp1q_s16(int16x8_t(values[2]), int16x8_t(values[3]));
    vst1q_u8(to, vuzp1q_u8(uint8x16_t(low), uint8x16_t(high)));
  }

  // Add sums times a weight, and other ones times the upper half of `weights`.
  static IMGCONV_INLINE void add_products(Words (&sums)[4], const Shorts (&a)[2],
                                          const Shorts (&b)[2], int32_t weights) {
    const int16x8_t first[2] = {int16x8_t(a[0]), int16x8_t(a[1])};
    const int16x8_t second[2] = {int16x8_t(b[0]), int16x8_t(b[1])};
    add_shorts(sums, first, int16_t(weights & 0xffff));
    add_shorts(sums, second, int16_t(weights >> 16));
  }
  static IMGCONV_INLINE void in_order(Words (&)[4]) {}  // they are in order already

  // Multiply-add of the even int16, and of the odd ones, by a weight: by halves until `sort_halves`.
  using HalfWeight = int16x8_t;
  static IMGCONV_INLINE HalfWeight half_weight(int32_t weight) {
    return vdupq_n_s16(int16_t(weight));
  }
  static IMGCONV_INLINE void add_halves(Words& even, Words& odd, Shorts x, const HalfWeight& w) {
    even = Words(vmlal_s16(int32x4_t(even), vget_low_s16(int16x8_t(x)), vget_low_s16(w)));
    odd = Words(vmlal_high_s16(int32x4_t(odd), int16x8_t(x), w));
  }
  static IMGCONV_INLINE void sort_halves(Words& even, Words& odd) {
    const int32x4_t low = int32x4_t(even), high = int32x4_t(odd);
    even = Words(vuzp1q_s32(low, high));
    odd = Words(vuzp2q_s32(low, high));
  }

 private:
  static IMGCONV_INLINE void add_bytes(Shorts (&sums)[2], int8x16_t x, int8_t weight) {
    const int8x16_t w = vdupq_n_s8(weight);
    sums[0] = Shorts(vmlal_s8(int16x8_t(sums[0]), vget_low_s8(x), vget_low_s8(w)));
    sums[1] = Shorts(vmlal_high_s8(int16x8_t(sums[1]), x, w));
  }
  static IMGCONV_INLINE void add_shorts(Words (&sums)[4], const int16x8_t (&x)[2],
                                        int16_t weight) {
    const int16x8_t w = vdupq_n_s16(weight);
    IMGCONV_UNROLL(2)
    for (int i = 0; i < 2; ++i) {
      sums[2 * i] = Words(vmlal_s16(int32x4_t(sums[2 * i]), vget_low_s16(x[i]), vget_low_s16(w)));
      sums[2 * i + 1] = Words(vmlal_high_s16(int32x4_t(sums[2 * i + 1]), x[i], w));
    }
  }
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
