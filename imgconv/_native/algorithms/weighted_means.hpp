// Colours times weights, and means of them.
#pragma once

#include <utility>

#include "chunks.hpp"
#include "premultiply.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

// Whole pixels at a time, of which the last part counts.
template <int channels, class Bits, class Pixel>
void bits_of_weights(const void* image, int64_t pixels, uint32_t* all, uint32_t* any) {
  static_assert(sizeof(Pixel) == channels * sizeof(Bits), "a pixel is its channels");
  const auto* from = static_cast<const unsigned char*>(image);
  constexpr int many = 16;
  Pixel every[many], some[many];
  for (int j = 0; j < many; ++j) every[j] = Pixel(-1), some[j] = 0;
  int64_t i = 0;
  for (; i + many <= pixels; i += many) {
    Pixel values[many];
    __builtin_memcpy(values, from + i * int64_t(sizeof(Pixel)), sizeof values);
    for (int j = 0; j < many; ++j) {
      every[j] &= values[j];
      some[j] |= values[j];
    }
  }
  for (; i < pixels; ++i) {
    Pixel value;
    __builtin_memcpy(&value, from + i * int64_t(sizeof value), sizeof value);
    every[0] &= value;
    some[0] |= value;
  }
  for (int j = 1; j < many; ++j) {
    every[0] &= every[j];
    some[0] |= some[j];
  }
  Bits parts[2][channels];
  __builtin_memcpy(parts[0], every, sizeof parts[0]);
  __builtin_memcpy(parts[1], some, sizeof parts[1]);
  *all = parts[0][channels - 1];
  *any = parts[1][channels - 1];
}

void weight_bits(Type type, const void* image, int64_t pixels, int64_t channels, uint32_t* all,
                 uint32_t* any) {
  const bool two = channels == 2;
  if (size_of(type) == 1)
    return two ? bits_of_weights<2, uint8_t, uint16_t>(image, pixels, all, any)
               : bits_of_weights<4, uint8_t, uint32_t>(image, pixels, all, any);
  return two ? bits_of_weights<2, uint16_t, uint32_t>(image, pixels, all, any)
             : bits_of_weights<4, uint16_t, uint64_t>(image, pixels, all, any);
}

void note_bits(const unsigned char* line, int64_t blocks, int64_t bytes, ByteBits* bits) {
  using Words = VectorOf<uint64_t, 8>::Type;
  for (int64_t i = 0; i < blocks; ++i) {
    Words all, any;
    __builtin_memcpy(&all, bits[i].all, sizeof all);
    __builtin_memcpy(&any, bits[i].any, sizeof any);
    for (int64_t at = 0; at < bytes; at += int64_t(sizeof all)) {
      Words words;
      __builtin_memcpy(&words, line + i * bytes + at, sizeof words);
      all &= words;
      any |= words;
    }
    __builtin_memcpy(bits[i].all, &all, sizeof all);
    __builtin_memcpy(bits[i].any, &any, sizeof any);
  }
}

// Four bytes as four words of 16 bits: no product of two bytes leaves its word.
void weigh_pixels(const uint8_t* __restrict from, int64_t pixels, uint16_t* __restrict to) {
  for (int64_t i = 0; i < pixels; ++i) {
    uint32_t bytes;
    __builtin_memcpy(&bytes, from + 4 * i, sizeof bytes);
    uint64_t low = bytes & 0xff, middle = bytes >> 8 & 0xff, high = bytes >> 16 & 0xff;
    uint64_t words = (low | middle << 16 | high << 32 | uint64_t(1) << 48) * (bytes >> 24);
    uint16_t four[4] = {uint16_t(words), uint16_t(words >> 16), uint16_t(words >> 32),
                        uint16_t(words >> 48)};
    __builtin_memcpy(to + 4 * i, four, sizeof four);
  }
}

template <int channels>
void weigh_bytes(const uint8_t* __restrict from, int64_t values, uint16_t* __restrict to) {
  if (channels == 4) return weigh_pixels(from, values / 4, to);
  uint16_t weights[chunk<float>];
  for (int64_t at = 0; at < values; at += chunk<float>) {
    int64_t count = values - at < chunk<float> ? values - at : chunk<float>;
    for (int64_t i = 0; i < count; i += channels) {
      for (int c = 0; c < channels - 1; ++c) weights[i + c] = from[at + i + channels - 1];
      weights[i + channels - 1] = 1;
    }
    for (int64_t i = 0; i < count; ++i) to[at + i] = uint16_t(from[at + i] * weights[i]);
  }
}

template <int channels>
void weigh_words(const uint16_t* __restrict from, int64_t values, uint16_t* __restrict low,
                 uint16_t* __restrict high) {
  uint32_t weights[chunk<float>];
  for (int64_t at = 0; at < values; at += chunk<float>) {
    int64_t count = values - at < chunk<float> ? values - at : chunk<float>;
    for (int64_t i = 0; i < count; i += channels) {
      for (int c = 0; c < channels - 1; ++c) weights[i + c] = from[at + i + channels - 1];
      weights[i + channels - 1] = 1;
    }
    for (int64_t i = 0; i < count; ++i) {
      uint32_t product = from[at + i] * weights[i];
      low[at + i] = uint16_t(product);
      high[at + i] = uint16_t(product >> 16);
    }
  }
}

template <int channels>
void weigh_floats(const float* __restrict from, int64_t values, float* __restrict low,
                  float* __restrict high) {
  for (int64_t i = 0; i < values; i += channels)
    for (int c = 0; c < channels; ++c) {
      double product = c == channels - 1 ? double(from[i + c])
                                         : double(from[i + c]) * double(from[i + channels - 1]);
      float first = float(product);
      double rest = product - double(first);
      high[i + c] = first;
      low[i + c] = rest - rest == 0 ? float(rest) : 0.0f;  // not where one of both is infinite
    }
}

template <int channels>
void weigh_for(Type type, const void* image, int64_t values, void* low, void* high) {
  if (type == Type::u8)
    return weigh_bytes<channels>(static_cast<const uint8_t*>(image), values,
                                 static_cast<uint16_t*>(low));
  if (type == Type::u16)
    return weigh_words<channels>(static_cast<const uint16_t*>(image), values,
                                 static_cast<uint16_t*>(low), static_cast<uint16_t*>(high));
  weigh_floats<channels>(static_cast<const float*>(image), values, static_cast<float*>(low),
                         static_cast<float*>(high));
}

void weigh(Type type, const void* image, int64_t pixels, int64_t channels, void* low, void* high) {
  if (channels == 2) weigh_for<2>(type, image, pixels * 2, low, high);
  else weigh_for<4>(type, image, pixels * 4, low, high);
}

// Means of a chunk after the other. Vectors hold whole pixels.
template <int channels, class T>
class Means {
 public:
  Means(const Mean& mean, const Sums& sums) : mean_(mean), sums_(sums) {
    const Affinity &colour = mean.colour, &straight = mean.straight, &share = mean.share;
    for (int i = 0; i < width; ++i) {
      bool last = i % channels == channels - 1;
      factor_[i] = T(last ? share.factor : colour.factor);
      added_[i] = T(last ? 0 : colour.added);
      divisor_[i] = T(last ? 0 : colour.divisor);
      fixed_[i] = T(last ? share.divisor : 0);
    }
    for (int c = 0; c < channels; ++c) {
      bool last = c == channels - 1;
      straight_[c] = last ? Affinity{share.factor, 0, share.divisor} : straight;
    }
  }

  MeanCounts run(int64_t pixels, int64_t columns, void* to, uint8_t* doubts) {
    MeanCounts counts;
    for (int64_t at = 0; at < pixels * channels; at += chunk<T>) {
      int64_t left = pixels * channels - at, count = left < chunk<T> ? left : chunk<T>;
      if (!sums_.low) {
        take_straight(at, count);
      } else {
        if (sums_.straight && !has_unseen(at, count)) continue;  // it had its turn
        bool unseen = weigh(at, count, columns, counts);
        if (unseen && !sums_.straight) continue;
        if (unseen) replace_unseen(at, count);
      }
      if (mean_.doubt != 0) counts.undecided += undecided(count, doubts + at);
      counts.clipped += write_chunk<T>(values_, count, channels, mean_.target, to, at);
    }
    return counts;
  }

 private:
  static constexpr int width = lanes_of<T> > channels ? int(lanes_of<T>) : channels;
  using V = typename VectorOf<T, width>::Type;
  using F = typename VectorOf<float, width>::Type;

  static IMGCONV_INLINE V taken(const void* from, int64_t at) {
    V values;
    __builtin_memcpy(&values, static_cast<const T*>(from) + at, sizeof values);
    return values;
  }

  // Divide a chunk; tell whether it has a pixel without weight.
  bool weigh(int64_t at, int64_t count, int64_t columns, MeanCounts& counts) {
    const T sign = T(mean_.sign);
    V hidden = {};
    int64_t i = 0;
    for (; i + width <= count; i += width) {
      V above = taken(sums_.low, at + i);
      V below = last_of_pixels<channels>(above, std::make_integer_sequence<int, width>());
      hidden = below * sign > 0 ? hidden : below - below + 1;
      V value = quotient(above, below, sums_.high ? taken(sums_.high, at + i) : V{});
      __builtin_memcpy(values_ + i, &value, sizeof value);
    }
    if (i < count) {  // the last pixels, and ones that count for nothing
      T low[width], high[width] = {};
      for (int j = 0; j < width; ++j) low[j] = sign;
      __builtin_memcpy(low, static_cast<const T*>(sums_.low) + at + i, size_t(count - i) * sizeof(T));
      if (sums_.high)
        __builtin_memcpy(high, static_cast<const T*>(sums_.high) + at + i,
                         size_t(count - i) * sizeof(T));
      V above = taken(low, 0);
      V below = last_of_pixels<channels>(above, std::make_integer_sequence<int, width>());
      hidden = below * sign > 0 ? hidden : below - below + 1;
      V value = quotient(above, below, taken(high, 0));
      __builtin_memcpy(values_ + i, &value, size_t(count - i) * sizeof(T));
    }
    T any = 0;
    for (int j = 0; j < width; ++j) any += hidden[j];
    if (any != 0 && !sums_.straight) note_unseen(at, count, columns, counts);
    return any != 0;
  }

  // Doubles are multiplied by inverses that are off by less than 2**-45 of them, and divided where
  // that may decide: to divide all takes several times as long.
  IMGCONV_INLINE V quotient(V above, V below, V high) const {
    if (sums_.high) above = high * T(mean_.high_unit) + above;
    V n = above * factor_ + below * added_, d = below * divisor_ + fixed_;
    if constexpr (sizeof(T) == 4 || width != lanes_of<T>) {
      return n / d;
    } else {
      F near = 1.0f / __builtin_convertvector(d, F);
      V inverse = __builtin_convertvector(near, V);
      V value = n * (inverse * (2 - d * inverse));
      V size = Simd::template magnitude<T>(value), moved = size + shift();
      V away = Simd::template magnitude<T>(moved - ((moved + magic<T>)-magic<T>));
      Flags<T> doubt = Simd::template not_more<T>(away, (size + 1) * T(0x1p-43));
      return __builtin_expect(Simd::template any<T>(doubt), 0) ? n / d : value;
    }
  }

  bool has_unseen(int64_t at, int64_t count) const {
    const T* weights = static_cast<const T*>(sums_.low) + at + channels - 1;
    const T sign = T(mean_.sign);
    int32_t hidden = 0;
    for (int64_t i = 0; i < count; i += channels) hidden += !(weights[i] * sign > 0);
    return hidden != 0;
  }

  void note_unseen(int64_t at, int64_t count, int64_t columns, MeanCounts& counts) const {
    const T* weights = static_cast<const T*>(sums_.low) + at + channels - 1;
    const T sign = T(mean_.sign);
    int64_t column = at / channels % columns - 1;
    for (int64_t i = 0; i < count; i += channels) {
      column = column + 1 < columns ? column + 1 : 0;
      if (weights[i] * sign > 0) continue;
      counts.first = column < counts.first ? column : counts.first;
      counts.last = column > counts.last ? column : counts.last;
    }
  }

  T straight_value(int64_t at, int64_t channel) const {
    const Affinity& a = straight_[channel];
    return (static_cast<const T*>(sums_.straight)[at] * T(a.factor) + T(a.added)) / T(a.divisor);
  }

  void take_straight(int64_t at, int64_t count) {
    for (int64_t i = 0; i < count; i += channels)
      for (int c = 0; c < channels; ++c) values_[i + c] = straight_value(at + i + c, c);
  }

  void replace_unseen(int64_t at, int64_t count) {
    const T* weights = static_cast<const T*>(sums_.low) + at + channels - 1;
    const T sign = T(mean_.sign);
    for (int64_t i = 0; i < count; i += channels)
      if (!(weights[i] * sign > 0))
        for (int c = 0; c < channels - 1; ++c) values_[i + c] = straight_value(at + i + c, c);
  }

  T far() const { return T(highest(mean_.target.type)) + 2; }
  T shift() const { return mean_.target.rounding == Rounding::truncate ? T(0) : T(0.5); }

  // Whether a value is so near to where rounding changes that such an error decides.
  bool is_near(T value, T doubt) const {
    T size = value < 0 ? -value : value, moved = size + shift();
    T away = moved - ((moved + magic<T>)-magic<T>);
    return size < far() && (away < 0 ? -away : away) <= doubt * (size + 1);
  }

  bool is_open(int64_t i) const {
    return i % channels < channels - 1 && values_[i] != 0 && is_near(values_[i], T(mean_.doubt));
  }

  // Mark colours that their error leaves undecided; return how many they are.
  int64_t undecided(int64_t count, uint8_t* doubts) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; ++i) found += is_open(i);
    for (int64_t i = 0; found && i < count; ++i) {
      if (!is_open(i)) continue;
      doubts[i] = 1;
      values_[i] = 0;
    }
    return found;
  }

  const Mean& mean_;
  const Sums& sums_;
  V factor_, added_, divisor_, fixed_;
  Affinity straight_[channels];
  T values_[chunk<T> + width];
};

MeanCounts means(const Mean& mean, const Sums& sums, int64_t pixels, int64_t columns,
                 int64_t channels, void* to, uint8_t* doubts) {
  const auto run = [&](auto means) { return means.run(pixels, columns, to, doubts); };
  if (channels == 2 && sums.wide) return run(Means<2, double>(mean, sums));
  if (channels == 2) return run(Means<2, float>(mean, sums));
  if (sums.wide) return run(Means<4, double>(mean, sums));
  return run(Means<4, float>(mean, sums));
}

}  // namespace
}  // namespace IMGCONV_ISA
}  // namespace imgconv
