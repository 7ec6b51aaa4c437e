// The instruction set that this translation unit is compiled for. The build names its file in
// IMGCONV_SIMD and its namespace in IMGCONV_ISA; nothing else in the core asks for either.
//
// The file defines `Simd`: a structure of types and static functions, derived from `Generic`, which
// has all of them in terms of the compiler's vectors. It replaces those that the instruction set
// does better.
#pragma once

#include IMGCONV_SIMD

namespace imgconv {
namespace IMGCONV_ISA {

template <class T>
using Flags = Simd::Flags<T>;
template <class T>
using FlagCount = Simd::FlagCount<T>;
using NarrowFloats = Simd::NarrowFloats;

// Multiply-add of float, of double, and of floats that become doubles as they are loaded.
template <class T>
struct MacFloating {
  using Stored = T;
  using Sum = T;
  using Word = T;
  using Pixels = Vector<T>;
  using Factor = Vector<T>;
  static constexpr int rows = 1, offset = 0;
  static IMGCONV_INLINE Pixels load_pixels(const unsigned char* from) { return load<T>(from); }
  static IMGCONV_INLINE Factor factor(Word word) { return splat<T>(word); }
  static IMGCONV_INLINE Vector<T> mac(Vector<T> sum, Vector<T> x, Vector<T> w) {
    return Simd::multiply_add<T>(sum, x, w);
  }
};
using MacF32 = MacFloating<float>;
using MacF64 = MacFloating<double>;

struct MacFloats : MacF64 {
  using Stored = float;
  static IMGCONV_INLINE Pixels load_pixels(const unsigned char* from) {
    return Simd::load_pixels(reinterpret_cast<const float*>(from));
  }
};

using MacDot16 = Simd::MacDot16<Simd>;

}  // namespace IMGCONV_ISA
}  // namespace imgconv
