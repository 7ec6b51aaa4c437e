// Kernels of equal weights: running sums down the columns, then along the row, so that the
// cost does not depend on the kernel's size. Unsigned sums may wrap; their differences do not.
// Those of floats are doubles, and exact: `float_box.hpp` sees to that.
// All is done a piece of a row at a time, so that no sum leaves the L1 cache before it is used.
#pragma once

#include <type_traits>

#include "finish.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

template <class Src>
using BoxSum = std::conditional_t<Src(0.5) != 0, double, uint32_t>;

// Sums of a window that slides along a row, each channel apart, a piece at a time: what enters less
// what leaves is added up within vectors and from vector to vector.
template <class Sum>
class Sliding {
 public:
  Sliding(int64_t channels, int64_t taps)
      : channels_(int(channels)), entering_((taps - 1) * channels) {
    if (channels_ > lanes) return;
    for (int i = 0; i < lanes; ++i) carry_[i] = lanes - channels_ + i % channels_;
    for (int step = 0; step < steps; ++step)
      for (int i = 0; i < lanes; ++i) {
        int from = i - (channels_ << step);
        shifts_[step][i] = from >= 0 ? from : lanes;  // lane `lanes` is the zero vector's first
      }
  }

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

  // The next sums; but for a row's last piece whole vectors of them.
  void run(Sum* to, int64_t count) {
    if (channels_ == 1) return summed<1>(to, count);
    if constexpr (shuffles) {
      if (channels_ == 3) return summed<3>(to, count);
      if (channels_ <= lanes) return summed<0>(to, count);
    }
    for (int64_t x = 0; x < count; ++x, ++at_)
      to[x] = last_[at_ % channels_] += from_[at_ + entering_] - from_[at_ - channels_];
  }

 private:
  using Lane = std::conditional_t<sizeof(Sum) == 8, int64_t, int32_t>;
  static constexpr int lanes = int(lanes_of<Sum>), steps = 4;
  static constexpr bool shuffles = sizeof(Sum) == 4 || vector_bytes == 64;  // by what lanes say

  template <int channels>  // or 0 for any number of them
  void summed(Sum* to, int64_t count) {
    const int apart = channels ? channels : channels_;
    const Sum *in = from_ + at_ + entering_, *out = from_ + at_ - apart;
    const Vector<Lane> carry = carry_;
    const Vector<Sum> zero = {};
    const Vector<Lane> shifts[] = {shifts_[0], shifts_[1], shifts_[2], shifts_[3]};
    Vector<Sum> before = before_;
    for (int64_t x = 0; x < count; x += lanes) {
      Vector<Sum> sums = load<Sum>(in + x) - load<Sum>(out + x);
      if constexpr (channels == 1 && vector_bytes == 32) {
        sums = added_up(sums);
      } else {
#pragma GCC unroll 4
        for (int step = 0; step < steps; ++step)
          if (apart << step < lanes) sums += __builtin_shuffle(sums, zero, shifts[step]);
      }
      store<Sum>(to + x, sums + before);
      if constexpr (channels == 1)  // one addition is all that the next vector waits for
        before += last_lane(sums, carry);
      else
        before = __builtin_shuffle(sums + before, carry);
    }
    before_ = before;
    at_ += count;
  }

  static inline __attribute__((always_inline)) Vector<Sum> last_lane(Vector<Sum> x,
                                                                     Vector<Lane> carry) {
#if defined(__AVX2__) && !defined(__AVX512F__)
    if constexpr (sizeof(Sum) == 8) return Vector<Sum>(_mm256_permute4x64_pd(__m256d(x), 0xff));
#endif
    return __builtin_shuffle(x, carry);
  }

  // Each lane and those before it, added up.
  static inline __attribute__((always_inline)) Vector<Sum> added_up(Vector<Sum> x) {
#if defined(__AVX2__) && !defined(__AVX512F__)
    if constexpr (sizeof(Sum) == 8) {
      const __m256d zero = _mm256_setzero_pd();
      x += Vector<Sum>(_mm256_blend_pd(_mm256_permute4x64_pd(__m256d(x), 0x90), zero, 1));
      return x + Vector<Sum>(_mm256_permute2f128_pd(__m256d(x), __m256d(x), 0x08));
    } else {
      x += Vector<Sum>(_mm256_slli_si256(__m256i(x), 4));
      x += Vector<Sum>(_mm256_slli_si256(__m256i(x), 8));
      __m256i low = _mm256_permute2x128_si256(__m256i(x), __m256i(x), 0x08);
      return x + Vector<Sum>(_mm256_shuffle_epi32(low, 0xff));
    }
#endif
    return x;
  }

  int channels_;
  int64_t entering_, at_ = 0;
  const Sum* from_ = nullptr;
  Sum last_[64];
  Vector<Lane> carry_, shifts_[steps];
  Vector<Sum> before_;
};

template <class Src>
class Box {
 public:
  using Sum = BoxSum<Src>;

  explicit Box(const Task& task)
      : task_(task), finish_{task, exact_values<Src>, nullptr, nullptr, 0, {}},
        sliding_(task.channels, task.columns.taps) {
    int64_t inside = task.columns.length * task.channels;
    int64_t span = task.columns.span() * task.channels;
    padded_ = scratch_.take<Sum>(span + task.channels + 64) + task.channels;
    first_ = clamped(task.columns.before);
    last_ = clamped(task.columns.before + task.columns.length);
    bool whole = last_ - first_ == task.columns.length;
    down_ = whole ? padded_ + first_ * task.channels : scratch_.take<Sum>(inside + 64);
    sums_ = scratch_.take<Sum>(piece_values + 64);
    finish_.stage = scratch_.take<double>(piece_values + 64);
    finish_.open = scratch_.take<int32_t>(piece_values + 64);
  }

  // The source line of a position, borders included.
  const Src* line(int64_t position) const {
    int32_t at = task_.row_map[position];
    const unsigned char* bytes =
        at < 0 ? task_.constant_row : task_.source + at * task_.source_stride;
    return reinterpret_cast<const Src*>(bytes);
  }

  // Begin at an output row.
  void begin(int64_t row) {
    __builtin_memset(down_, 0, size_t(task_.columns.length * task_.channels) * sizeof(Sum));
    for (int64_t r = 0; r < task_.rows.taps; ++r) enter(row + r);
  }

  // Go on to the next row.
  void move_to(int64_t row) { exchange(row + task_.rows.taps - 1, row - 1); }

  // Sum along the row, and finish.
  void finish(int64_t row, Bound bound = {0}) {
    pad();
    int64_t values = task_.columns.out * task_.channels;
    const Sum weight = Sum(Finished(task_.weights.nearest[0]));
    FinishPiece finish = finish_for<Finished>(task_.type_out);
    sliding_.begin(padded_);
    for (int64_t start = 0; start < values; start += piece_values) {
      int64_t count = values - start < piece_values ? values - start : piece_values;
      sliding_.run(sums_, count);
      if (weight != 1)
        for (int64_t x = 0; x < count; ++x) sums_[x] *= weight;
      finish(finish_, sums_, row, start, count, bound);
    }
  }

  const Tally& tally() const { return finish_.tally; }

 private:
  using Finished = std::conditional_t<sizeof(Sum) == 8, double, int32_t>;

  void enter(int64_t position) {
    const Src* __restrict from = line(position);
    Sum* __restrict down = down_;
    for (int64_t x = 0; x < task_.columns.length * task_.channels; ++x) down[x] += Sum(from[x]);
  }

  void exchange(int64_t entering, int64_t leaving) {
    const Src *__restrict in = line(entering), *__restrict out = line(leaving);
    Sum* __restrict down = down_;
    int64_t values = task_.columns.length * task_.channels;
    if constexpr (sizeof(Sum) == 8) {
      int64_t x = 0;
      for (; x + lanes_of<double> <= values; x += lanes_of<double>) {
        Vector<double> change = load_pixels(in + x) - load_pixels(out + x);
        store<double>(down + x, load<double>(down + x) + change);
      }
      for (; x < values; ++x) down[x] += double(in[x]) - double(out[x]);
    } else {
      for (int64_t x = 0; x < values; ++x) down[x] += uint32_t(int32_t(in[x]) - int32_t(out[x]));
    }
  }

  // Spread the column sums over the span, borders included.
  void pad() {
    int64_t channels = task_.channels;
    const Sum* from = down_ + (first_ - task_.columns.before) * channels;
    Sum* to = padded_ + first_ * channels;
    outside(0, first_);
    if (from != to && first_ < last_)
      __builtin_memcpy(to, from, size_t((last_ - first_) * channels) * sizeof(Sum));
    outside(last_, task_.columns.span());
  }

  int64_t clamped(int64_t position) const {
    int64_t span = task_.columns.span();
    return position < 0 ? 0 : position > span ? span : position;
  }

  void outside(int64_t first, int64_t last) {
    int64_t channels = task_.channels;
    const Sum constant = Sum(Finished(task_.constant)) * Sum(task_.rows.taps);
    for (int64_t position = first; position < last; ++position)
      for (int64_t c = 0; c < channels; ++c) {
        int32_t at = task_.column_map[position];
        padded_[position * channels + c] = at < 0 ? constant : down_[at * channels + c];
      }
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  Sliding<Sum> sliding_;
  int64_t first_, last_;  // the columns of the span that lie inside
  Sum *down_, *padded_, *sums_;
};

template <class Src>
Tally box_band(const Task& task, int64_t first, int64_t last) {
  Box<Src> box(task);
  for (int64_t row = first; row < last; ++row) {
    if (row == first) box.begin(row);
    else box.move_to(row);
    box.finish(row);
  }
  return box.tally();
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
