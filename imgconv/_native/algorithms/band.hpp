// A band of output rows: source rows into a ring, blocks of sums out of it, and their finish.
#pragma once

#include <type_traits>

#include "row_pass.hpp"
#include "finish.hpp"
#include "peaks.hpp"
#include "taps.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

inline constexpr int64_t ring_bytes = 512 << 10;  // half of an L2 cache

// Output columns per tile, so that the ring stays in the cache but rows stay long.
static inline int64_t tile_columns(const Task& task, int64_t groups, int64_t group_value_bytes) {
  int64_t fit = ring_bytes / (groups * group_value_bytes * task.channels);
  int64_t least = 4096 / task.channels + 1;
  int64_t reach = (task.columns.taps - 1) * task.columns.dilation;
  if (least < 2 * reach) least = 2 * reach;
  int64_t width = fit > least ? fit : least;
  int64_t columns = width / task.columns.stride + 1;
  int64_t tiles = (task.columns.out + columns - 1) / columns;
  return (task.columns.out + tiles - 1) / tiles;
}

template <class Mac>
class Band {
  using Pixel = std::conditional_t<std::is_same_v<Mac, MacFloats>, float, uint8_t>;  // for peaks

 public:
  using Sum = typename Mac::Sum;

  Band(const Task& task, FillGroup fill, ExactValues exact)
      : task_(task), fill_(fill), finish_{task, exact, nullptr, nullptr, 0, {}} {
    const Weights& w = task.weights;
    const double* weights = weights_for<Mac>(scratch_, task);
    bool apart = task.plan.separable;
    steps_ = listed<Mac>(scratch_, weights, w.rows, apart ? 1 : w.columns, task.rows.stride,
                         task.rows.dilation, task.columns.dilation * task.channels);
    if (apart) row_pass_ = listed_row_pass(scratch_, w.row, w.columns,
                                     task.columns.dilation * task.channels);
    groups_ = scratch_.take<const unsigned char*>(steps_.groups);
    columns_ = tile_columns(task, steps_.groups, stored_bytes<Mac>);
    Tile widest = tile(0);
    int64_t values = (widest.last - widest.first) * task.channels;
    ring_memory_ = scratch_.take<unsigned char>(Groups<Mac>::bytes(steps_.groups, values));
    peaks_ = Peaks<Pixel>(scratch_, steps_.groups, values);
    int64_t reach = (w.columns - 1) * task.columns.dilation * task.channels;
    int64_t piece = task.columns.out * task.channels;  // or less where that is too much at a time
    if (piece > piece_values) piece = piece_values;
    finish_.stage = scratch_.take<double>(piece + 64);
    finish_.undecided = scratch_.take<int32_t>(piece + 64);
    pitch_ = piece * task.columns.stride + (apart ? reach : 0) + past_end;
    sums_ = scratch_.take<Sum>(pitch_ * block_rows);
    if (apart) folded_ = scratch_.take<double>(pitch_ * block_rows);
    if (apart) crossed_ = scratch_.take<double>(pitch_);
  }

  Counts run(int64_t first, int64_t last) {
    for (int64_t column = 0; column < task_.columns.out; column += columns_) {
      const Tile at = tile(column);
      const Groups<Mac> ring(task_, at, ring_memory_, steps_.groups);
      int64_t filled = 0;
      for (int64_t row = first; row < last; row += block_rows) {
        int64_t base = row * task_.rows.stride / Mac::rows;
        if (filled < base) filled = base;
        for (; filled < base + steps_.groups; ++filled) {
          fill_(task_, at, ring_memory_, steps_.groups, filled);
          if constexpr (Peaks<Pixel>::counts)
            peaks_.note(filled, reinterpret_cast<const float*>(ring.group(filled)));
        }
        for (int64_t g = 0; g < steps_.groups; ++g) groups_[g] = ring.group(base + g);
        block(row, last - row < block_rows ? last - row : block_rows, column, base);
      }
    }
    return finish_.counts;
  }

 private:
  Tile tile(int64_t column) const {
    int64_t after = column + columns_;
    if (after > task_.columns.out) after = task_.columns.out;
    int64_t reach = (task_.columns.taps - 1) * task_.columns.dilation;
    return {column * task_.columns.stride, (after - 1) * task_.columns.stride + reach + 1};
  }

  // Finish one block of rows, piece by piece along the tile that starts at a column.
  void block(int64_t row, int64_t rows, int64_t column, int64_t base) {
    int64_t after = column + columns_;
    if (after > task_.columns.out) after = task_.columns.out;
    int64_t channels = task_.channels, stride = task_.columns.stride;
    int64_t step = piece_values / channels;
    for (int64_t at = column; at < after; at += step) {
      int64_t count = after - at < step ? after - at : step;
      int64_t begin = (at - column) * stride * channels;
      int64_t values = ((count - 1) * stride + 1) * channels;
      Bound bound = whole_bound(task_);
      if constexpr (Peaks<Pixel>::counts) {
        int64_t reach = (task_.columns.taps - 1) * task_.columns.dilation * channels;
        Peak peak = peaks_.of(base, steps_.groups, begin, begin + values + reach);
        bound = bound_for(task_.plan, peak);
      }
      if (task_.plan.separable) {
        apart(row, rows, at, count, begin, values, bound);
      } else {
        run_rows<Mac>(steps_, groups_, begin, values, sums_, pitch_);
        for (int64_t r = 0; r < rows; ++r) finish(sums_ + r * pitch_, row + r, at, count, bound);
      }
    }
  }

  void apart(int64_t row, int64_t rows, int64_t at, int64_t count, int64_t begin, int64_t values,
             Bound bound) {
    int64_t reach = (task_.columns.taps - 1) * task_.columns.dilation * task_.channels;
    if constexpr (sizeof(Sum) == 4) {
      if (task_.plan.horizontal == Algorithm::f32) {
        float* sums = reinterpret_cast<float*>(sums_);
        run_rows<Mac>(steps_, groups_, begin, values + reach, sums, pitch_);
        for (int64_t r = 0; r < rows; ++r)
          across<float>(sums + r * pitch_, row + r, at, count, values, bound);
        return;
      }
    }
    run_rows<Mac>(steps_, groups_, begin, values + reach, sums_, pitch_);
    for (int64_t r = 0; r < rows; ++r) {
      if constexpr (sizeof(Sum) == 8) {
        across<double>(sums_ + r * pitch_, row + r, at, count, values, bound);
      } else {
        for (int64_t x = 0; x < values + reach; ++x) folded_[x] = double(sums_[r * pitch_ + x]);
        across<double>(folded_, row + r, at, count, values, bound);
      }
    }
  }

  template <class T>
  void across(const T* sums, int64_t row, int64_t at, int64_t count, int64_t values,
              Bound bound) {
    T* crossed = reinterpret_cast<T*>(crossed_);
    run_row_pass<T>(row_pass_, sums, values, crossed);
    finish(crossed, row, at, count, bound);
  }

  template <class T>
  void finish(T* sums, int64_t row, int64_t at, int64_t count, Bound bound) {
    int64_t channels = task_.channels, stride = task_.columns.stride;
    if (stride > 1)
      for (int64_t x = 0; x < count; ++x)
        for (int64_t c = 0; c < channels; ++c)
          sums[x * channels + c] = sums[x * stride * channels + c];
    finish_for<T>(task_.type_out)(finish_, sums, row, at * channels, count * channels, bound);
  }

  const Task& task_;
  FillGroup fill_;
  Scratch scratch_;
  Finish finish_;
  Steps<Mac> steps_;
  RowPass row_pass_{};
  Peaks<Pixel> peaks_;
  const unsigned char** groups_;
  int64_t columns_ = 1 << 30, pitch_;
  unsigned char* ring_memory_;
  Sum* sums_;
  double* folded_ = nullptr;
  double* crossed_ = nullptr;
};

template <class Mac, class Src>
Counts taps_band(const Task& task, int64_t first, int64_t last) {
  return Band<Mac>(task, fill_group<Mac, Src>, exact_values<Src>).run(first, last);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
