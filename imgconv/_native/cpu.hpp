// The features of the CPU that instruction sets need, as bits.
#pragma once

#include <cstdint>

namespace imgconv {
namespace cpu {

inline constexpr uint32_t sse4 = 1;     // and popcnt: x86-64-v2
inline constexpr uint32_t avx2 = 2;     // and FMA, BMI 1 and 2: x86-64-v3
inline constexpr uint32_t avx512 = 4;   // F, BW, CD, DQ, VL: x86-64-v4, and VNNI
inline constexpr uint32_t neon = 8;     // every 64-bit ARM has it
inline constexpr uint32_t dotprod = 16; // sdot and udot

// Return the bits of this CPU, as far as the operating system lets them be used.
uint32_t features();

}  // namespace cpu
}  // namespace imgconv
