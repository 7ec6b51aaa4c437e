// Colours times the last channel, in the type of the image: what edges of pictures with alpha are
// filtered from.
#pragma once

#include <utility>

#include "../pointwise.hpp"
#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

// A product of numbers of so many bits over their greatest one, rounded: this is odd, so that no
// quotient is in the middle. It is t / 2**bits + t / 4**bits + ..., and as t is less than
// 4**bits + 2**bits the third term never matters.
template <int bits, class V>
IMGCONV_INLINE V part_of_most(V product) {
  const V t = product + (1 << (bits - 1));
  return (t + (t >> bits)) >> bits;
}

// Products of bytes are whole and have 16 bits; others are parts of white.
template <class Src>
struct Part;
template <>
struct Part<uint8_t> {
  using Value = uint16_t;
  using Out = uint16_t;
  using Bits = uint16_t;
  static IMGCONV_INLINE Vector<uint16_t> of(Vector<uint16_t> x, Vector<uint16_t> weight) {
    return x * weight;
  }
};
template <>
struct Part<uint16_t> {
  using Value = uint32_t;
  using Out = uint16_t;
  using Bits = uint32_t;
  static IMGCONV_INLINE Vector<uint32_t> of(Vector<uint32_t> x, Vector<uint32_t> weight) {
    return part_of_most<16>(x * weight);
  }
};
template <>
struct Part<int16_t> {
  using Value = int32_t;
  using Out = int16_t;
  using Bits = uint32_t;
  static IMGCONV_INLINE Vector<int32_t> of(Vector<int32_t> x, Vector<int32_t> weight) {
    const Vector<int32_t> sign = x >> 31, size = (x ^ sign) - sign;
    return (part_of_most<15>(size * (weight & ~(weight >> 31))) ^ sign) - sign;
  }
};
template <>
struct Part<float> {
  using Value = float;
  using Out = float;
  using Bits = uint32_t;
  static IMGCONV_INLINE Vector<float> of(Vector<float> x, Vector<float> weight) {
    return x * weight;
  }
};

template <int channels, class Bits, int... lane>
IMGCONV_INLINE Vector<Bits> bits_of_colours(std::integer_sequence<int, lane...>) {
  return Vector<Bits>{Bits(lane % channels == channels - 1 ? 0 : -1)...};
}

template <class Src, int channels>
void premultiply_as(const Src* from, int64_t values, typename Part<Src>::Out* to) {
  using Value = typename Part<Src>::Value;
  using Out = typename Part<Src>::Out;
  using Bits = typename Part<Src>::Bits;
  constexpr int lanes = int(lanes_of<Value>);
  constexpr auto order = std::make_integer_sequence<int, lanes>();
  // A vector at a time; the last one is filled up with zeros.
  for (int64_t i = 0; i < values; i += lanes) {
    const size_t count = size_t(values - i < lanes ? values - i : lanes);
    typename VectorOf<Src, lanes>::Type pixels{};
    if (count == lanes) __builtin_memcpy(&pixels, from + i, lanes * sizeof(Src));
    else __builtin_memcpy(&pixels, from + i, count * sizeof(Src));
    const auto wide = __builtin_convertvector(pixels, Vector<Value>);
    auto part = Vector<Bits>(Part<Src>::of(wide, last_of_pixels<channels>(wide, order)));
    part &= bits_of_colours<channels, Bits>(order);
    const auto products =
        __builtin_convertvector(Vector<Value>(part), typename VectorOf<Out, lanes>::Type);
    if (count == lanes) __builtin_memcpy(to + i, &products, lanes * sizeof(Out));
    else __builtin_memcpy(to + i, &products, count * sizeof(Out));
  }
}

template <int channels>
void premultiply_for(Type type, const void* image, int64_t values, void* to) {
  switch (type) {
    case Type::u8:
      return premultiply_as<uint8_t, channels>(static_cast<const uint8_t*>(image), values,
                                               static_cast<uint16_t*>(to));
    case Type::u16:
      return premultiply_as<uint16_t, channels>(static_cast<const uint16_t*>(image), values,
                                                static_cast<uint16_t*>(to));
    case Type::i16:
      return premultiply_as<int16_t, channels>(static_cast<const int16_t*>(image), values,
                                               static_cast<int16_t*>(to));
    default:
      return premultiply_as<float, channels>(static_cast<const float*>(image), values,
                                             static_cast<float*>(to));
  }
}

void premultiply(Type type, const void* image, int64_t pixels, int64_t channels, void* to) {
  if (channels == 2) premultiply_for<2>(type, image, pixels * 2, to);
  else premultiply_for<4>(type, image, pixels * 4, to);
}

}  // namespace
}  // namespace IMGCONV_ISA
}  // namespace imgconv
