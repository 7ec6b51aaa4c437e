// Kernels of equal weights: running sums down the columns, then prefix sums along the row, so that
// the cost does not depend on the kernel's size. Unsigned sums may wrap; their differences do not.
#pragma once

#include "finish.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

// Prefix sums of each channel apart: to[x] = from[x] + to[x - channels].
class Prefix {
 public:
  explicit Prefix(int64_t channels) : channels_(int(channels)) {
    for (int i = 0; i < lanes; ++i) carry_[i] = lanes - channels_ + i % channels_;
    for (int step = 0; step < steps; ++step)
      for (int i = 0; i < lanes; ++i) {
        int from = i - (channels_ << step);
        shifts_[step][i] = from >= 0 ? from : lanes;  // lane `lanes` is the zero vector's first
      }
  }

  // `to` has channels zeros before it and room for a whole vector at its end.
  void run(const uint32_t* from, uint32_t* to, int64_t count) const {
    if (channels_ > lanes) {
      for (int64_t x = 0; x < count; ++x) to[x] = from[x] + to[x - channels_];
      return;
    }
    Vector<uint32_t> before = {};
    for (int64_t x = 0; x < count; x += lanes) {
      Vector<uint32_t> sums = load<uint32_t>(from + x);
      for (int step = 0; step < steps && channels_ << step < lanes; ++step)
        sums += __builtin_shuffle(sums, Vector<uint32_t>{}, shifts_[step]);
      sums += before;
      store<uint32_t>(to + x, sums);
      before = __builtin_shuffle(sums, carry_);
    }
  }

 private:
  static constexpr int lanes = int(lanes_of<uint32_t>), steps = 4;
  int channels_;
  Vector<uint32_t> carry_, shifts_[steps];
};

template <class Src>
class Box {
 public:
  explicit Box(const Task& task)
      : task_(task), finish_{task, exact_at<Src>, nullptr, nullptr, 0, {}}, prefix_(task.channels) {
    int64_t inside = task.columns.length * task.channels;
    int64_t span = task.columns.span() * task.channels;
    down_ = scratch_.take<uint32_t>(inside + 64);
    padded_ = scratch_.take<uint32_t>(span + 64);
    prefixes_ = scratch_.take<uint32_t>(span + task.channels + 64) + task.channels;
    sums_ = scratch_.take<int32_t>(piece_values + 64);
    finish_.stage = scratch_.take<double>(piece_values + 64);
    finish_.open = scratch_.take<int32_t>(piece_values + 64);
  }

  Tally run(int64_t first, int64_t last) {
    int64_t taps = task_.rows.taps;
    for (int64_t r = 0; r < taps; ++r) enter(first + r);
    for (int64_t row = first; row < last; ++row) {
      if (row > first) exchange(row + taps - 1, row - 1);
      pad();
      prefix_.run(padded_, prefixes_, task_.columns.span() * task_.channels);
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
    int64_t span = task_.columns.span(), channels = task_.channels;
    int64_t first = task_.columns.before, last = first + task_.columns.length;
    first = first < 0 ? 0 : first > span ? span : first;
    last = last < first ? first : last > span ? span : last;
    outside(0, first);
    if (first < last)
      __builtin_memcpy(padded_ + first * channels,
                       down_ + (first - task_.columns.before) * channels,
                       size_t((last - first) * channels) * sizeof(uint32_t));
    outside(last, span);
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
    int64_t channels = task_.channels, values = task_.columns.out * channels;
    const uint32_t weight = uint32_t(int32_t(task_.weights.whole[0]));
    const uint32_t* low = prefixes_ - channels;
    const uint32_t* high = low + task_.columns.taps * channels;
    FinishPiece finish = finish_for<int32_t>(task_.type_out);
    for (int64_t start = 0; start < values; start += piece_values) {
      int64_t count = values - start < piece_values ? values - start : piece_values;
      for (int64_t x = 0; x < count; ++x)
        sums_[x] = int32_t((high[start + x] - low[start + x]) * weight);
      finish(finish_, sums_, row, start, count, 0);
    }
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  Prefix prefix_;
  uint32_t *down_, *padded_, *prefixes_;
  int32_t* sums_;
};

template <class Src>
Tally box_band(const Task& task, int64_t first, int64_t last) {
  return Box<Src>(task).run(first, last);
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
