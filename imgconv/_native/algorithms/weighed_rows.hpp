// Means of colours that are weighed by the last channel: bands of output rows from products in a
// ring of rows, as band.hpp does it for plain pixels.
#pragma once

#include "band.hpp"
#include "float_mean_finish.hpp"
#include "mean_finish.hpp"
#include "weighed_box.hpp"
#include "weighed_exact.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class Mac, class Src, int channels>
class WeighedRows {
  using Sum = typename Mac::Sum;
  using Real = std::conditional_t<sizeof(Sum) == 4, float, double>;  // of quotients
  using Products = WeighedRing<Mac, Src, channels>;
  static constexpr bool floats = is_floating<Src>;
  using Finish = std::conditional_t<floats, FloatMeanFinish<channels>, MeanFinish<Real, channels>>;
  using Exact = std::conditional_t<floats, OrderedMeans<channels>, WeighedExact>;

 public:
  explicit WeighedRows(const Task& task)
      : task_(task), apart_(task.plan.separable),
        reach_((task.columns.taps - 1) * task.columns.dilation * channels),
        steps_(steps_for(scratch_, task)),
        columns_(tile_columns(task, steps_.groups, stored_bytes<Mac>)),
        weighed_(task, ring_memory(), steps_.groups), plain_(task, ring_memory(), steps_.groups),
        finish_(task), exact_(task) {
    groups_ = scratch_.take<const unsigned char*>(steps_.groups);
    plain_has_ = scratch_.take<int64_t>(steps_.groups);
    plain_parts_ = scratch_.take<uint64_t>(steps_.groups);
    ranges_ = scratch_.take<FloatRange>(steps_.groups);
    int64_t values = task.columns.out * channels;
    piece_ = values < piece_values ? values : piece_values;
    pitch_ = piece_ * task.columns.stride + (apart_ ? reach_ : 0) + past_end;
    for (auto& sums : sums_) sums = scratch_.take<Real>(pitch_ * block_rows);
    if (!apart_) return;
    row_pass_ = listed_row_pass(scratch_, task.weights.row, task.weights.columns,
                                task.columns.dilation * channels);
    for (auto& crossed : crossed_) crossed = scratch_.take<Real>(pitch_);
  }

  Counts run(int64_t first, int64_t last) {
    for (int64_t column = 0; column < task_.columns.out; column += columns_) {
      const Tile at = tile_ = tile(column);
      weighed_.begin(at);
      plain_.begin(at);
      for (int64_t i = 0; i < steps_.groups; ++i) plain_has_[i] = -1;
      int64_t filled = 0;
      for (int64_t row = first; row < last; row += block_rows) {
        base_ = row * task_.rows.stride / Mac::rows;
        if (filled < base_) filled = base_;
        for (; filled < base_ + steps_.groups; ++filled) {
          if (floats && task_.even != Even::no) weighed_.template fill<Rows::plain>(filled);
          else weighed_.template fill<Rows::weighed>(filled);
          if constexpr (floats) ranges_[filled % steps_.groups] = range_in(at, filled);
        }
        range_ = {};
        if constexpr (floats)
          for (int64_t g = 0; g < steps_.groups; ++g) range_.take(ranges_[g]);
        block(row, last - row < block_rows ? last - row : block_rows, column);
      }
    }
    return counts_;
  }

 private:
  static Steps<Mac> steps_for(Scratch& scratch, const Task& task) {
    const Weights& w = task.weights;
    return listed<Mac>(scratch, task.plan.separable ? w.column : w.nearest, w.rows,
                       task.plan.separable ? 1 : w.columns, task.rows.stride, task.rows.dilation,
                       task.columns.dilation * channels);
  }

  Tile tile(int64_t column) const {
    int64_t after = column + columns_ < task_.columns.out ? column + columns_ : task_.columns.out;
    int64_t reach = (task_.columns.taps - 1) * task_.columns.dilation;
    return {column * task_.columns.stride, (after - 1) * task_.columns.stride + reach + 1};
  }

  unsigned char* ring_memory() {
    Tile widest = tile(0);
    return scratch_.untouched<unsigned char>(
        Products::bytes(steps_.groups, (widest.last - widest.first) * channels));
  }

  void block(int64_t row, int64_t rows, int64_t column) {
    const int64_t end = task_.columns.out;
    const int64_t after = column + columns_ < end ? column + columns_ : end;
    const int64_t step = piece_values / channels;
    for (int64_t at = column; at < after; at += step) {
      count_ = (after - at < step ? after - at : step);
      begin_ = (at - column) * task_.columns.stride * channels;
      values_ = ((count_ - 1) * task_.columns.stride + 1) * channels;
      sum(weighed_, 0);
      plain_summed_ = false;
      for (int64_t r = 0; r < rows; ++r) {
        finish(sums_of(0, r), row, r, at);
      }
    }
  }

  // Sum a piece of all rows of a block.
  void sum(const Products& from, int which) {
    for (int64_t g = 0; g < steps_.groups; ++g) groups_[g] = from.group(base_ + g);
    const int64_t values = apart_ ? values_ + reach_ : values_;
    run_rows<Mac>(steps_, groups_, begin_, values, sums_[which], pitch_);
  }

  // Sums of a row of the block, those of separable kernels along it too.
  const Real* sums_of(int which, int64_t r) {
    Real* sums = sums_[which] + r * pitch_;
    if (apart_) {
      run_row_pass<Real>(row_pass_, sums, values_, crossed_[which]);
      sums = crossed_[which];
    }
    const int64_t stride = task_.columns.stride;
    if (stride > 1)
      for (int64_t x = 0; x < count_; ++x)
        for (int c = 0; c < channels; ++c) sums[x * channels + c] = sums[x * stride * channels + c];
    return sums;
  }

  // The sums of plain colours, which only pixels that cannot be seen need.
  const Real* plain_sums(int64_t r) {
    if (!plain_summed_) {
      const int64_t first = tile_.first + begin_ / channels;
      for (int64_t g = base_; g < base_ + steps_.groups; ++g)
        fill_plain(g, first, first + (values_ + reach_) / channels);
      sum(plain_, 1);
      plain_summed_ = true;
    }
    return sums_of(1, r);
  }

  // The range of what a tile sees of a row.
  FloatRange range_in(Tile tile, int64_t position) const {
    const int64_t last = task_.rows.span() - 1, length = task_.columns.length;
    const int32_t at = task_.row_map[position < last ? position : last];
    int64_t first = tile.first - task_.columns.before, after = tile.last - task_.columns.before;
    const float constant = task_.constant, weight = float(task_.weighing->opaque);
    const float size = constant < 0 ? -constant : constant, none = 0x1p127f;
    const FloatRange outside = {size, weight, constant < 0 ? constant : 0, 0,
                                size > 0 ? size : none, weight > 0 ? weight : none};
    if (at < 0) return outside;
    FloatRange range;
    if (first < 0 || after > length) {  // the border may bring any column
      range = outside;
      first = 0;
      after = length;
    }
    const float* line = reinterpret_cast<const float*>(task_.source + at * task_.source_stride);
    range.take(range_of<channels>(line + first * channels, (after - first) * channels));
    return range;
  }

  // Fill what is missing of a group: columns come in 64 parts of a tile.
  void fill_plain(int64_t index, int64_t first, int64_t last) {
    const int64_t slot = index % steps_.groups, width = tile_.last - tile_.first;
    const int64_t part = width < 64 * 256 ? 256 : (width + 63) / 64;
    if (plain_has_[slot] != index) plain_parts_[slot] = 0;
    plain_has_[slot] = index;
    for (int64_t i = (first - tile_.first) / part; tile_.first + i * part < last; ++i) {
      if (plain_parts_[slot] >> i & 1) continue;
      plain_parts_[slot] |= uint64_t(1) << i;
      const int64_t from = tile_.first + i * part, to = from + part;
      plain_.template fill<Rows::plain>(index, {from, to < tile_.last ? to : tile_.last});
    }
  }

  void finish(const Real* sums, int64_t row, int64_t r, int64_t column) {
    unsigned char* to = task_.target + (row + r) * task_.target_stride;
    auto plain = [&] { return plain_sums(r); };
    auto exact = [&](int64_t i) {
      ++counts_.recomputed;
      const int64_t x = column + i / channels;
      if constexpr (floats) return exact_.value(row + r, x, int(i % channels));
      else return exact_.template value<Src, channels>(row + r, x, int(i % channels));
    };
    if constexpr (floats)
      finish_.piece(sums, count_ * channels, range_,
                    reinterpret_cast<float*>(to) + column * channels,
                    plain,
                    [&](int64_t i, bool zeros) {
                      return exact_.window(row + r, column + i / channels, zeros);
                    },
                    exact);
    else
      counts_.clipped +=
          finish_.piece(sums, count_ * channels, to, column * channels,
                        typename Finish::Straight(plain), typename Finish::Exact(exact));
  }

  const Task& task_;
  Scratch scratch_;
  const bool apart_;
  const int64_t reach_;
  Steps<Mac> steps_;
  int64_t columns_;
  Products weighed_, plain_;
  Finish finish_;
  Exact exact_;
  FloatRange* ranges_;
  FloatRange range_;
  const unsigned char** groups_;
  int64_t* plain_has_;  // which group each slot of its ring has
  uint64_t* plain_parts_;
  Tile tile_{};
  RowPass row_pass_{};
  int64_t piece_, pitch_, base_ = 0, begin_ = 0, count_ = 0, values_ = 0;
  bool plain_summed_ = false;
  Real *sums_[2], *crossed_[2];
  Counts counts_;
};

template <class Mac, class Src>
Counts weighed_as(const Task& task, int64_t first, int64_t last) {
  if (task.channels == 2) return WeighedRows<Mac, Src, 2>(task).run(first, last);
  return WeighedRows<Mac, Src, 4>(task).run(first, last);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
