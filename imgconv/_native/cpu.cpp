// Asked of the CPU itself: compilers' own functions for that need their run-time library, and one
// of them answers no to everything.
#include "cpu.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__aarch64__) && defined(_WIN32)
#include <windows.h>
#endif

namespace imgconv {
namespace cpu {

#if defined(__x86_64__) || defined(__i386__)

namespace {

bool has(uint32_t bits, uint32_t wanted) { return (bits & wanted) == wanted; }

constexpr uint32_t bit(int i) { return uint32_t(1) << i; }

// Which registers the operating system saves.
uint32_t saved_registers() {
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

uint32_t features() {
  uint32_t a, b, c, d, found = 0, basic, extended = 0, more = 0, amd = 0;
  if (!__get_cpuid(1, &a, &b, &basic, &d)) return 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) extended = b, more = c;
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) amd = c;
  const uint32_t v2 = bit(0) | bit(9) | bit(13) | bit(19) | bit(20) | bit(23);
  if (!has(basic, v2)) return 0;  // SSE 3, SSSE 3, CMPXCHG16B, SSE 4.1, SSE 4.2, POPCNT
  found |= sse4;
  const uint32_t v3 = bit(12) | bit(22) | bit(27) | bit(28) | bit(29);  // FMA to F16C
  const uint32_t saved = has(basic, bit(27)) ? saved_registers() : 0;
  const bool lzcnt = has(amd, bit(5));
  if (!has(basic, v3) || !has(extended, bit(3) | bit(5) | bit(8)) || !lzcnt || !has(saved, 6))
    return found;
  found |= avx2;
  const uint32_t v4 = bit(16) | bit(17) | bit(28) | bit(30) | bit(31);  // F, DQ, CD, BW, VL
  if (has(extended, v4) && has(more, bit(11)) && has(saved, 0xe6)) found |= avx512;
  return found;
}

#elif defined(__aarch64__) && defined(__linux__)

uint32_t features() {
  const unsigned long dot_product = 1ul << 20;  // HWCAP_ASIMDDP
  return neon | (getauxval(AT_HWCAP) & dot_product ? dotprod : 0);
}

#elif defined(__aarch64__) && defined(__APPLE__)

uint32_t features() {
  int has = 0;
  size_t size = sizeof has;
  bool known = sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, nullptr, 0) == 0;
  return neon | (known && has ? dotprod : 0);
}

#elif defined(__aarch64__) && defined(_WIN32)

uint32_t features() {
  const DWORD dot_product = 43;  // PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE
  return neon | (IsProcessorFeaturePresent(dot_product) ? dotprod : 0);
}

#elif defined(__aarch64__)

uint32_t features() { return neon; }

#else

uint32_t features() { return 0; }

#endif

}  // namespace cpu
}  // namespace imgconv
