// Whole weights that change seldom down their columns, such as those of a disk: running sums.
//
// From one output row to the next a sum changes by the pixels where the weights change, times that
// change. A band begins with sums of nothing, into which the window moves down; what lies above the
// band counts as zero until then. Sums may wrap on their way: the last ones fit.
#pragma once

#include "band.hpp"
#include "changes.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class Src>
class Running {
 public:
  explicit Running(const Task& task)
      : task_(task), finish_{task, exact_values<Src>, nullptr, nullptr, 0, {}} {
    changes_ = listed_changes(scratch_, task);
    columns_ = tile_columns(task, groups(), sizeof(Src));
    int64_t reach = (task.columns.taps - 1) * task.columns.dilation;
    int64_t values = (columns_ + reach) * task.channels;
    ring_memory_ = scratch_.take<unsigned char>(Lines::bytes(groups(), values));
    nothing_ = scratch_.take<unsigned char>(Lines::pitch(values));
    lines_ = scratch_.take<const unsigned char*>(groups());
    sums_ = scratch_.take<uint32_t>(columns_ * task.channels + Block::width);
    blocks_ = scratch_.take<uint32_t>(block_rows * pitch);
    finish_.stage = scratch_.take<double>(piece_values + 64);
    finish_.undecided = scratch_.take<int32_t>(piece_values + 64);
  }

  Counts run(int64_t first, int64_t last) {
    int64_t out = task_.columns.out;
    for (int64_t column = 0; column < out; column += columns_)
      tile(first, last, column, column + columns_ < out ? column + columns_ : out);
    return finish_.counts;
  }

 private:
  struct Line {  // as the ring has it
    using Stored = Src;
    static constexpr int rows = 1;
  };
  using Lines = Ring<Line, Src>;
  using Block = ChangeBlockOf<Src>;
  static constexpr int64_t pitch = piece_values + Block::width;

  int64_t taps() const { return task_.weights.rows; }
  int64_t groups() const { return taps() + block_rows; }

  void tile(int64_t first, int64_t last, int64_t column, int64_t after) {
    int64_t reach = (task_.columns.taps - 1) * task_.columns.dilation;
    Lines ring(task_, {column, after + reach}, ring_memory_, groups());
    int64_t values = (after - column) * task_.channels, filled = first;
    __builtin_memset(sums_, 0, size_t(values + Block::width) * sizeof *sums_);
    for (int64_t row = first - taps() + 1; row < last; row += block_rows) {
      int64_t rows = last - row < block_rows ? last - row : block_rows;
      for (; filled < row + rows - 1 + taps(); ++filled) ring.fill(filled);
      for (int64_t i = 0; i < taps() + rows; ++i)
        lines_[i] = row - 1 + i < first ? nothing_ : ring.group(row - 1 + i);
      for (int64_t x = 0; x < values; x += piece_values) {
        int64_t count = values - x < piece_values ? values - x : piece_values;
        move(rows, x, count);
        for (int64_t r = row < first ? first - row : 0; r < rows; ++r)
          finish_for<int32_t>(task_.type_out)(finish_, blocks_ + r * pitch, row + r,
                                              column * task_.channels + x, count, {0});
      }
    }
  }

  // Move the window down over a block of rows, and keep the sums at each.
  void move(int64_t rows, int64_t from, int64_t count) {
    for (int64_t x = 0; x < count; x += Block::width)
      for (int64_t r = 0; r < rows; ++r) {
        Block::add(changes_, lines_ + r, from + x, sums_ + from + x);
        __builtin_memcpy(blocks_ + r * pitch + x, sums_ + from + x, Block::width * sizeof *sums_);
      }
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  Changes changes_;
  int64_t columns_;
  unsigned char *ring_memory_, *nothing_;
  const unsigned char** lines_;
  uint32_t *sums_, *blocks_;
};

template <class Src>
Counts running_band(const Task& task, int64_t first, int64_t last) {
  return Running<Src>(task).run(first, last);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
