// Kernels of equal weights: running sums down the columns, then along the row, so that the
// cost does not depend on the kernel's size. Unsigned sums may wrap; their differences do not.
// All is done a piece of a row at a time, so that no sum leaves the L1 cache before it is used.
#pragma once

#include "finish.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

// Sums of a window that slides along a row, each channel apart, a piece at a time: what enters less
// what leaves is added up within vectors and from vector to vector.
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
  void begin(const uint32_t* from) {
    from_ = from;
    at_ = 0;
    for (int c = 0; c < channels_; ++c) {
      uint32_t sum = 0;  // of the window one pixel before
      for (int64_t x = c; x < entering_; x += channels_) sum += from[x];
      last_[c] = sum;
    }
    for (int i = 0; i < lanes; ++i) before_[i] = last_[i % channels_];
  }

  // The next sums; but for a row's last piece whole vectors of them.
  void run(uint32_t* to, int64_t count) {
    if (channels_ == 1) return summed<1>(to, count);
    if (channels_ == 3) return summed<3>(to, count);
    if (channels_ <= lanes) return summed<0>(to, count);
    for (int64_t x = 0; x < count; ++x, ++at_)
      to[x] = last_[at_ % channels_] += from_[at_ + entering_] - from_[at_ - channels_];
  }

 private:
  template <int channels>  // or 0 for any number of them
  void summed(uint32_t* to, int64_t count) {
    const int apart = channels ? channels : channels_;
    const uint32_t *in = from_ + at_ + entering_, *out = from_ + at_ - apart;
    const Vector<uint32_t> carry = carry_, zero = {};
    const Vector<uint32_t> shifts[] = {shifts_[0], shifts_[1], shifts_[2], shifts_[3]};
    Vector<uint32_t> before = before_;
    for (int64_t x = 0; x < count; x += lanes) {
      Vector<uint32_t> sums = load<uint32_t>(in + x) - load<uint32_t>(out + x);
#if defined(__AVX2__) && !defined(__AVX512F__)
      if constexpr (channels == 1) {
        sums += Vector<uint32_t>(_mm256_slli_si256(__m256i(sums), 4));
        sums += Vector<uint32_t>(_mm256_slli_si256(__m256i(sums), 8));
        __m256i low = _mm256_permute2x128_si256(__m256i(sums), __m256i(sums), 0x08);
        sums += Vector<uint32_t>(_mm256_shuffle_epi32(low, 0xff));
      } else
#endif
#pragma GCC unroll 4
      for (int step = 0; step < steps; ++step)
        if (apart << step < lanes) sums += __builtin_shuffle(sums, zero, shifts[step]);
      store<uint32_t>(to + x, sums + before);
      if constexpr (channels == 1)  // one addition is all that the next vector waits for
        before += __builtin_shuffle(sums, carry);
      else
        before = __builtin_shuffle(sums + before, carry);
    }
    before_ = before;
    at_ += count;
  }

  static constexpr int lanes = int(lanes_of<uint32_t>), steps = 4;
  int channels_;
  int64_t entering_, at_ = 0;
  const uint32_t* from_ = nullptr;
  uint32_t last_[64];
  Vector<uint32_t> carry_, shifts_[steps], before_;
};

template <class Src>
class Box {
 public:
  explicit Box(const Task& task)
      : task_(task), finish_{task, exact_values<Src>, nullptr, nullptr, 0, {}},
        sliding_(task.channels, task.columns.taps) {
    int64_t inside = task.columns.length * task.channels;
    int64_t span = task.columns.span() * task.channels;
    padded_ = scratch_.take<uint32_t>(span + task.channels + 64) + task.channels;
    first_ = clamped(task.columns.before);
    last_ = clamped(task.columns.before + task.columns.length);
    bool whole = last_ - first_ == task.columns.length;
    down_ = whole ? padded_ + first_ * task.channels : scratch_.take<uint32_t>(inside + 64);
    sums_ = scratch_.take<uint32_t>(piece_values + 64);
    finish_.stage = scratch_.take<double>(piece_values + 64);
    finish_.open = scratch_.take<int32_t>(piece_values + 64);
  }

  Tally run(int64_t first, int64_t last) {
    int64_t taps = task_.rows.taps;
    for (int64_t r = 0; r < taps; ++r) enter(first + r);
    for (int64_t row = first; row < last; ++row) {
      if (row > first) exchange(row + taps - 1, row - 1);
      pad();
      finish(row);
    }
    return finish_.tally;
  }

 private:
  const Src* line(int64_t position) const {
    int32_t at = task_.row_map[position];
    const unsigned char* bytes =
        at < 0 ? task_.constant_row : task_.source + at * task_.source_stride;
    return reinterpret_cast<const Src*>(bytes);
  }

  void enter(int64_t position) {
    const Src* __restrict from = line(position);
    uint32_t* __restrict down = down_;
    for (int64_t x = 0; x < task_.columns.length * task_.channels; ++x) down[x] += uint32_t(from[x]);
  }

  void exchange(int64_t entering, int64_t leaving) {
    const Src *__restrict in = line(entering), *__restrict out = line(leaving);
    uint32_t* __restrict down = down_;
    int64_t values = task_.columns.length * task_.channels;
    for (int64_t x = 0; x < values; ++x) down[x] += uint32_t(int32_t(in[x]) - int32_t(out[x]));
  }

  // Spread the column sums over the span, borders included.
  void pad() {
    int64_t channels = task_.channels;
    const uint32_t* from = down_ + (first_ - task_.columns.before) * channels;
    uint32_t* to = padded_ + first_ * channels;
    outside(0, first_);
    if (from != to && first_ < last_)
      __builtin_memcpy(to, from, size_t((last_ - first_) * channels) * sizeof(uint32_t));
    outside(last_, task_.columns.span());
  }

  int64_t clamped(int64_t position) const {
    int64_t span = task_.columns.span();
    return position < 0 ? 0 : position > span ? span : position;
  }

  void outside(int64_t first, int64_t last) {
    int64_t channels = task_.channels;
    uint32_t constant = uint32_t(int32_t(task_.constant)) * uint32_t(task_.rows.taps);
    for (int64_t position = first; position < last; ++position)
      for (int64_t c = 0; c < channels; ++c) {
        int32_t at = task_.column_map[position];
        padded_[position * channels + c] = at < 0 ? constant : down_[at * channels + c];
      }
  }

  void finish(int64_t row) {
    int64_t values = task_.columns.out * task_.channels;
    const uint32_t weight = uint32_t(int32_t(task_.weights.whole[0]));
    FinishPiece finish = finish_for<int32_t>(task_.type_out);
    sliding_.begin(padded_);
    for (int64_t start = 0; start < values; start += piece_values) {
      int64_t count = values - start < piece_values ? values - start : piece_values;
      sliding_.run(sums_, count);
      if (weight != 1)
        for (int64_t x = 0; x < count; ++x) sums_[x] *= weight;
      finish(finish_, sums_, row, start, count, {0});
    }
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  Sliding sliding_;
  int64_t first_, last_;  // the columns of the span that lie inside
  uint32_t *down_, *padded_, *sums_;
};

template <class Src>
Tally box_band(const Task& task, int64_t first, int64_t last) {
  return Box<Src>(task).run(first, last);
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
