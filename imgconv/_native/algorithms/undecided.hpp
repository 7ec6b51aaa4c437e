// The values of an output row that a bound left undecided, computed exactly.
#pragma once

#include "exact.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// Sums in double of the values of one output row that see no border. What they have in common is
// found once: that is most of what one of them takes by itself.
template <class Src>
class RowSums {
 public:
  RowSums(const Task& task, int64_t row) : task_(task) {
    const Weights& w = task.weights;
    bool dense = task.columns.stride == 1 && w.real_spread && w.rows <= most_rows;
    if (!dense || sizeof(Src) == 4) return;  // floats need a bound of their own
    shift_ = task.columns.before * task.channels;
    end_ = task.columns.length * task.channels - w.pitch;
    for (int64_t r = 0; r < w.rows; ++r) lines_[r] = Taps<Src>{task, row, 0, 0}.source_row(r);
  }

  // The value, unless the border or its bound is in the way.
  bool decide(int64_t value, double& result) const {
    int64_t at = value - shift_;
    if (at < 0 || at > end_) return false;
    const Weights& w = task_.weights;
    Vector<double> sums = {};
    for (int64_t r = 0; r < w.rows; ++r)
      sums += row_sum(lines_[r] + at, w.real_spread + r * w.pitch, w.pitch);
    return settled(task_, Simd::added_up(sums) + task_.added, task_.double_error, result);
  }

 private:
  static constexpr int64_t most_rows = 32;
  const Task& task_;
  int64_t shift_ = 0, end_ = -1;
  const Src* lines_[most_rows];
};

// Compute some values of an output row, which begins with the value 0.
template <class Src>
void exact_values(const Task& task, int64_t row, const int32_t* which, int64_t first, int64_t count,
                  double* to) {
  RowSums<Src> sums(task, row);
  for (int64_t i = 0; i < count; ++i) {
    int64_t value = first + which[i];
    if (sums.decide(value, to[i])) continue;
    to[i] = exact_pixel(Taps<Src>{task, row, value / task.channels, value % task.channels});
  }
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
