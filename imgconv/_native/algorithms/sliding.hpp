// Sums of a window that slides along a row.
#pragma once

#include <type_traits>

#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// Sums of a window that slides along a row, each channel apart, a piece at a time: what enters less
// what leaves is added up within vectors and from vector to vector.
template <class Sum>
class Sliding {
 public:
  Sliding(int64_t channels, int64_t taps)
      : channels_(int(channels)), entering_((taps - 1) * channels) {}

  // Start a row, of which `from` is the first value; a pixel of zeros stands before it.
  void begin(const Sum* from) {
    from_ = from;
    at_ = 0;
    for (int c = 0; c < channels_; ++c) {
      Sum sum = 0;  // of the window one pixel before
      for (int64_t x = c; x < entering_; x += channels_) sum += from[x];
      last_[c] = sum;
    }
    for (int i = 0; i < lanes; ++i) before_[i] = last_[i % channels_];
  }

  // Compute the next sums, as they are or as floats; but for a row's last piece whole vectors of them.
  template <class To>
  void run(To* to, int64_t count) {
    if (channels_ == 1) return summed<1>(to, count);
    if constexpr (shuffles) {
      if (channels_ == 2) return summed<2>(to, count);
      if (channels_ == 3) return summed<3>(to, count);
      if (channels_ == 4) return summed<4>(to, count);
    }
    if (channels_ <= lanes) return by_pixels(to, count);
    int channel = int(at_ % channels_);
    for (int64_t x = 0; x < count; ++x, ++at_) {
      to[x] = To(Signed(last_[channel] += from_[at_ + entering_] - from_[at_ - channels_]));
      if (++channel == channels_) channel = 0;
    }
  }

 private:
  static constexpr int lanes = int(lanes_of<Sum>);
  static constexpr bool shuffles = lanes >= 4 && (sizeof(Sum) == 4 || lanes > 4);

  using Signed = std::conditional_t<is_floating<Sum>, Sum, int32_t>;  // what they are

  // A pixel at a time: what a vector has beyond it is overwritten by the next. The first lanes are
  // the sums one pixel before, wherever a piece begins.
  template <class To>
  void by_pixels(To* to, int64_t count) {
    const Sum *in = from_ + at_ + entering_, *out = from_ + at_ - channels_;
    Vector<Sum> sums = before_, before = sums;
    int64_t left = count;
    for (; left > 0; left -= channels_, in += channels_, out += channels_, to += channels_) {
      before = sums;
      sums += load<Sum>(in) - load<Sum>(out);
      store<To>(to, __builtin_convertvector(Vector<Signed>(sums), Vector<To>));
    }
    before_ = sums;
    for (int c = 0; left < 0 && c < channels_; ++c) {  // the last pixel is cut
      const int64_t i = c + channels_ + left;
      before_[c] = i < channels_ ? before[i] : sums[i - channels_];
    }
    at_ += count;
  }

  template <int channels, class To>
  void summed(To* to, int64_t count) {
    const Sum *in = from_ + at_ + entering_, *out = from_ + at_ - channels;
    Vector<Sum> before = before_;
    for (int64_t x = 0; x < count; x += lanes) {
      Vector<Sum> sums = Simd::running_sums<channels, Sum>(load<Sum>(in + x) - load<Sum>(out + x));
      store<To>(to + x, __builtin_convertvector(Vector<Signed>(sums + before), Vector<To>));
      if constexpr (channels == 1)  // one addition is all that the next vector waits for
        before += Simd::last_lanes<1, Sum>(sums);
      else
        before = Simd::last_lanes<channels, Sum>(sums + before);
    }
    before_ = before;
    at_ += count;
  }

  int channels_;
  int64_t entering_, at_ = 0;
  const Sum* from_ = nullptr;
  Sum last_[64];
  Vector<Sum> before_;
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
