// Kernels of equal weights: running sums down the columns, then along the row, so that the
// cost does not depend on the kernel's size. Unsigned sums may wrap; their differences do not.
// Those of floats are doubles, and exact: `float_box.hpp` sees to that.
// All is done a piece of a row at a time, so that no sum leaves the L1 cache before it is used.
#pragma once

#include <type_traits>

#include "finish.hpp"
#include "sliding.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class Src>
using BoxSum = std::conditional_t<is_floating<Src>, double, uint32_t>;

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
    finish_.undecided = scratch_.take<int32_t>(piece_values + 64);
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

  const Counts& counts() const { return finish_.counts; }

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
        Vector<double> change = Simd::load_pixels(in + x) - Simd::load_pixels(out + x);
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
Counts box_band(const Task& task, int64_t first, int64_t last) {
  Box<Src> box(task);
  for (int64_t row = first; row < last; ++row) {
    if (row == first) box.begin(row);
    else box.move_to(row);
    box.finish(row);
  }
  return box.counts();
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
