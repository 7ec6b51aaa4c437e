// Boxes of weighed pixels: running sums of their products, whatever the size; see box.hpp.
#pragma once

#include "box.hpp"
#include "mean_finish.hpp"
#include "weighed_exact.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class Src, int channels>
class WeighedBox {
  // Of bytes less than 2**31, of others less than 2**53.
  using Sum = std::conditional_t<sizeof(Src) == 1, uint32_t, double>;
  using Finished = std::conditional_t<sizeof(Src) == 1, int32_t, double>;
  using Product = std::conditional_t<sizeof(Src) == 1, uint16_t, double>;
  using Real = std::conditional_t<sizeof(Src) == 1, float, double>;
  using Finish = MeanFinish<Real, channels>;

 public:
  explicit WeighedBox(const Task& task)
      : task_(task), values_(task.columns.length * channels), span_(task.columns.span() * channels),
        weighed_(scratch_, task, values_, span_), plain_(scratch_, task, values_, span_),
        finish_(task), exact_(task) {
    for (auto& line : lines_) line = scratch_.take<Product>(values_);
    sums_ = scratch_.take<Sum>(piece_values + 64);
    for (auto& sums : real_sums_) sums = scratch_.take<Real>(piece_values + 64);
    plain_sums_ = scratch_.take<Sum>(task.columns.out * channels + 64);
  }

  Counts run(int64_t first, int64_t last) {
    Counts counts;
    const int64_t values = task_.columns.out * channels;
    const bool times = task_.weights.nearest[0] != 1;
    for (int64_t row = first; row < last; ++row) {
      move(Rows::weighed, weighed_, row);
      weighed_.sliding.begin(weighed_.padded);
      bool plain_known = false;
      for (int64_t start = 0; start < values; start += piece_values) {
        const int64_t count = values - start < piece_values ? values - start : piece_values;
        if (times) weighed_.sliding.run(sums_, count);
        else weighed_.sliding.run(real_sums_[0], count);
        const Real* sums = times ? finished(sums_, count, real_sums_[0]) : real_sums_[0];
        auto plain = [&] {
          if (!plain_known) sum_plain(row, values);
          plain_known = true;
          return finished(plain_sums_ + start, count, real_sums_[1]);
        };
        auto exact = [&](int64_t i) {
          ++counts.recomputed;
          const int64_t at = start + i;
          return exact_.template value<Src, channels>(row, at / channels, int(at % channels));
        };
        counts.clipped +=
            finish_.piece(sums, count, task_.target + row * task_.target_stride, start,
                          typename Finish::Straight(plain), typename Finish::Exact(exact));
      }
    }
    return counts;
  }

 private:
  // Sums down the columns, which move from row to row.
  struct Moving {
    Sum *down, *padded;
    Sliding<Sum> sliding;
    int64_t row = -2;
    Moving(Scratch& scratch, const Task& task, int64_t values, int64_t span)
        : down(scratch.take<Sum>(values)),
          padded(scratch.take<Sum>(span + channels + 64) + channels),
          sliding(channels, task.columns.taps) {}
  };

  // Give sums as they are divided, times the weight that all pixels have.
  const Real* finished(const Sum* __restrict sums, int64_t count, Real* __restrict to) const {
    const Sum weight = Sum(Finished(task_.weights.nearest[0]));
    for (int64_t x = 0; x < count; ++x) to[x] = Real(Finished(sums[x] * weight));
    return to;
  }

  void sum_plain(int64_t row, int64_t values) {
    move(Rows::plain, plain_, row);
    plain_.sliding.begin(plain_.padded);
    for (int64_t start = 0; start < values; start += piece_values)
      plain_.sliding.run(plain_sums_ + start,
                         values - start < piece_values ? values - start : piece_values);
  }

  const Src* source_line(int32_t at) const {
    return reinterpret_cast<const Src*>(task_.source + at * task_.source_stride);
  }

  const Product* line(Rows rows, int64_t position, Product* to) const {
    const int32_t at = task_.row_map[position];
    if (at < 0)
      for (int64_t x = 0; x < values_; ++x) to[x] = Product(outside(rows, int(x % channels)));
    else if (rows == Rows::weighed)
      products<channels, Rows::weighed>(source_line(at), values_, to);
    else
      products<channels, Rows::plain>(source_line(at), values_, to);
    return to;
  }

  Sum outside(Rows rows, int channel) const {
    const Sum weight = Sum(task_.weighing->opaque), colour = Sum(task_.constant);
    return channel == channels - 1 ? weight : rows == Rows::weighed ? colour * weight : colour;
  }

  IMGCONV_NOINLINE void move(Rows rows, Moving& m, int64_t row) {
    Sum* __restrict down = m.down;
    if (m.row == row - 1) {
      const Product* __restrict in = line(rows, row + task_.rows.taps - 1, lines_[0]);
      const Product* __restrict out = line(rows, row - 1, lines_[1]);
      for (int64_t x = 0; x < values_; ++x) down[x] += Sum(Finished(in[x]) - Finished(out[x]));
    } else {
      __builtin_memset(down, 0, size_t(values_) * sizeof(Sum));
      for (int64_t r = 0; r < task_.rows.taps; ++r) {
        const Product* __restrict in = line(rows, row + r, lines_[0]);
        for (int64_t x = 0; x < values_; ++x) down[x] += Sum(in[x]);
      }
    }
    m.row = row;
    spread(rows, m);
  }

  // Spread the column sums over the span, borders included.
  void spread(Rows rows, Moving& m) const {
    const int64_t span = task_.columns.span(), before = task_.columns.before;
    const int64_t first = before < 0 ? 0 : before > span ? span : before;
    const int64_t end = before + task_.columns.length;
    const int64_t last = end < first ? first : end > span ? span : end;
    outside(rows, m, 0, first);
    __builtin_memcpy(m.padded + first * channels, m.down + (first - before) * channels,
                     size_t((last - first) * channels) * sizeof(Sum));
    outside(rows, m, last, span);
  }

  void outside(Rows rows, Moving& m, int64_t first, int64_t last) const {
    for (int64_t position = first; position < last; ++position)
      for (int c = 0; c < channels; ++c) {
        const int32_t at = task_.column_map[position];
        m.padded[position * channels + c] =
            at < 0 ? outside(rows, c) * Sum(task_.rows.taps) : m.down[at * channels + c];
      }
  }

  const Task& task_;
  Scratch scratch_;
  int64_t values_, span_;
  Moving weighed_, plain_;
  Finish finish_;
  WeighedExact exact_;
  Product* lines_[2];
  Sum *sums_, *plain_sums_;
  Real* real_sums_[2];
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
