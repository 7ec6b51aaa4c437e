// The range of magnitudes in stretches of the ring's rows: error bounds of float images follow it.
#pragma once

#include "scratch.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

// The largest magnitude, and the last bit of the least that is not zero.
struct Peak {
  double most, unit;
};

template <class Src>
class Peaks {  // integer images have a bound of their own
 public:
  static constexpr bool counts = false;
  Peaks() = default;
  Peaks(Scratch&, int64_t, int64_t) {}
  template <class Stored>
  void note(int64_t, const Stored*) {}
};

template <>
class Peaks<float> {
 public:
  static constexpr bool counts = true;
  static constexpr int64_t stretch = 256;
  Peaks() = default;
  Peaks(Scratch& scratch, int64_t groups, int64_t values)
      : groups_(groups), values_(values), stretches_(values / stretch + 1) {
    most_ = scratch.take<uint32_t>(groups * stretches_);
    least_ = scratch.take<uint32_t>(groups * stretches_);
  }

  template <class Stored>
  void note(int64_t group, const Stored* row) {
    for (int64_t s = 0; s < stretches_; ++s) {
      int64_t last = (s + 1) * stretch < values_ ? (s + 1) * stretch : values_;
      uint32_t most = 0, least = ~uint32_t(0);
      for (int64_t x = s * stretch; x < last; ++x) {
        float value = float(row[x]);
        uint32_t bits;
        __builtin_memcpy(&bits, &value, sizeof bits);
        bits &= 0x7fffffff;  // as integers, magnitudes keep their order, and NaN is largest
        most = bits > most ? bits : most;
        least = bits - 1 < least ? bits - 1 : least;  // zero becomes the greatest
      }
      most_[group % groups_ * stretches_ + s] = most;
      least_[group % groups_ * stretches_ + s] = least;
    }
  }

  Peak of(int64_t group, int64_t count, int64_t first, int64_t last) const {
    uint32_t most = 0, least = ~uint32_t(0);
    for (int64_t g = group; g < group + count; ++g)
      for (int64_t s = first / stretch; s * stretch < last && s < stretches_; ++s) {
        int64_t at = g % groups_ * stretches_ + s;
        most = most_[at] > most ? most_[at] : most;
        least = least_[at] < least ? least_[at] : least;
      }
    if (most >= 0x7f800000) return {__builtin_inf(), 0};
    int exponent = least == ~uint32_t(0) ? 254 : int((least + 1) >> 23);
    float value;
    __builtin_memcpy(&value, &most, sizeof value);
    return {double(value), __builtin_ldexp(1.0, (exponent ? exponent : 1) - 150)};
  }

 private:
  int64_t groups_ = 0, values_ = 0, stretches_ = 0;
  uint32_t *most_ = nullptr, *least_ = nullptr;
};

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
