// 64-bit ARM with the dot products of ARMv8.2: four bytes times four bytes in each lane.
#pragma once

#include "arm.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

struct DotProd : Arm {
  static constexpr uint32_t needs = cpu::neon | cpu::dotprod;
  static constexpr bool has_dot8 = true;

  // Multiply-add of bytes by signed bytes into int32, four rows in each lane of a sum.
  struct MacDot8 {
    using Stored = uint8_t;
    using Sum = int32_t;
    using Word = int32_t;
    using Pixels = int8x16_t;
    using Factor = int8x16_t;
    static constexpr int rows = 4, offset = pixel_offset;
    static IMGCONV_INLINE Pixels load_pixels(const unsigned char* from) {
      return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(from), vdupq_n_u8(offset)));
    }
    static IMGCONV_INLINE Factor factor(Word word) {
      return vreinterpretq_s8_s32(vdupq_n_s32(word));
    }
    static IMGCONV_INLINE Words mac(Words sum, Pixels x, Factor w) {
      return Words(vdotq_s32(int32x4_t(sum), x, w));
    }
  };
};

using Simd = DotProd;

}  // namespace IMGCONV_ISA
}  // namespace imgconv
