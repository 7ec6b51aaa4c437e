// x86-64-v2: vectors of 16 bytes with SSE 4.2.
#pragma once

#include <immintrin.h>

#define IMGCONV_MM(name) _mm_##name

namespace imgconv {
namespace IMGCONV_ISA {
inline constexpr int vector_bytes = 16;
inline constexpr int block_vectors = 2;
using Register = __m128i;
}  // namespace IMGCONV_ISA
}  // namespace imgconv

#include "../cpu.hpp"
#include "x86.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

struct Sse4 : X86<Sse4> {
  static constexpr uint32_t needs = cpu::sse4;

  // Write four vectors as bytes; all are within their range.
  static IMGCONV_INLINE void pack(uint8_t* to, const Words (&values)[4]) {
    store<uint8_t>(to, packed(values));
  }
  static IMGCONV_INLINE void in_order(Words (&)[4]) {}  // one group is in order
};

using Simd = Sse4;

}  // namespace IMGCONV_ISA
}  // namespace imgconv
