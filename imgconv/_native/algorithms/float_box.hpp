// Boxes on float pictures: running sums in double, for as long as these are exact.
//
// All pixels are multiples of the last bit of the least of them that is not zero. Where sums stay
// below 2**53 of those none is rounded, so that what moves with the window never goes astray. A
// line that would break that is left to the sums of all taps.
#pragma once

#include "box.hpp"
#include "float_rows.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

class FloatBox {
 public:
  explicit FloatBox(const Task& task)
      : task_(task), box_(task), values_(task.columns.length * task.channels),
        peaks_(scratch_, 1, values_) {}

  Counts run(int64_t first, int64_t last) {
    Counts counts;
    const int64_t taps = task_.rows.taps, least = taps > 64 ? taps : 64;
    for (int64_t row = first; row < last;) {
      row = exact(row, last);
      int64_t after = last - row < least ? last : row + least;
      if (row == after) break;
      Counts found = float_band(task_, row, after);
      counts.recomputed += found.recomputed;
      row = after;
    }
    counts.recomputed += box_.counts().recomputed;
    return counts;
  }

 private:
  // Do rows until a line would break exactness; give the first that is not done.
  int64_t exact(int64_t row, int64_t last) {
    most_ = 0;
    unit_ = __builtin_inf();
    for (int64_t r = 0; r < task_.rows.taps; ++r)
      if (!admits(row + r)) return row;
    box_.begin(row);
    while (true) {
      box_.finish(row, {0, unit_, task_.plan.exact_span * unit_ / most_});
      if (++row == last || !admits(row + task_.rows.taps - 1)) return row;
      box_.move_to(row);
    }
  }

  // Whether sums, and what two of them differ by, stay exact with the line of a position.
  bool admits(int64_t position) {
    peaks_.note(0, box_.line(position));
    Peak peak = peaks_.of(0, 1, 0, values_, task_.constant_row ? task_.constant : 0);
    if (!peak.finite) most_ = __builtin_inf();  // it would stay in running sums
    if (peak.most > most_) most_ = peak.most;
    if (peak.unit < unit_) unit_ = peak.unit;
    return 2 * most_ < task_.plan.exact_span * unit_;
  }

  const Task& task_;
  Scratch scratch_;
  Box<float> box_;
  int64_t values_;
  Peaks<float> peaks_;
  double most_ = 0, unit_ = 0;
};

static Counts float_box_band(const Task& task, int64_t first, int64_t last) {
  return FloatBox(task).run(first, last);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
