// Single means of weighed colours, computed exactly.
#pragma once

#include "../division.hpp"
#include "lanes.hpp"
#include "scratch.hpp"
#include "weighed_ring.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// The sums of one output pixel are kept: its channels are often asked for one after the other.
class WeighedExact {
 public:
  explicit WeighedExact(const Task& task) : task_(task) {
    const double most = task.type_in == Type::u8 ? 255.0 * 255 : 65535.0 * 65535;
    const Weights& w = task.weights;
    in_double_ = most * (to_double(w.sum_positive) + to_double(w.sum_negative)) < 0x1p53;
    const int64_t values = w.columns * task.channels;
    if (!in_double_ || task.columns.dilation > 1 || w.rows * values > most_spread) return;
    spread_ = scratch_.take<double>(w.rows * values);
    for (auto& row : rows_) row = scratch_.take<double>(values);
    for (int64_t i = 0; i < w.rows * values; ++i) spread_[i] = w.nearest[i / task.channels];
  }

  // The whole number that a value is rounded to, no further from the range than one.
  template <class Src, int channels>
  double value(int64_t row, int64_t column, int channel) {
    if (row != row_ || column != column_) {
      row_ = row;
      column_ = column;
      sum<Src, channels>(Rows::weighed, weighed_);
      plain_known_ = false;
    }
    const Weighing& w = *task_.weighing;
    const i128 weight = weighed_[channels - 1];
    if (channel == channels - 1) return rounded(w.share, w.share.factor * weight, 1, false);
    if (weight * i128(w.sign) > 0) {
      i128 n = w.colour.factor * weighed_[channel] + w.colour.added * weight;
      return rounded(w.colour, weight < 0 ? -n : n, weight < 0 ? -weight : weight);
    }
    if (!plain_known_) sum<Src, channels>(Rows::plain, plain_);
    plain_known_ = true;
    return rounded(w.straight, w.straight.factor * plain_[channel] + w.straight.added, 1);
  }

 private:
  static constexpr int64_t most_spread = 1 << 14;

  double rounded(const Quotient& q, i128 n, i128 weight, bool colour = true) const {
    bool negative = n < 0 && !(colour && q.absolute);
    u128 d = u128(q.denominator * weight);
    return exact_whole(negative, magnitude_of(n), d, task_.rounding, task_.type_out);
  }

  template <class Src>
  const Src* line(int64_t tap) const {
    const int32_t at = task_.row_map[row_ * task_.rows.stride + tap * task_.rows.dilation];
    return at < 0 ? nullptr : reinterpret_cast<const Src*>(task_.source + at * task_.source_stride);
  }

  template <class Src, int channels>
  IMGCONV_NOINLINE void sum(Rows rows, i128* to) {
    const Weights& w = task_.weights;
    const int32_t* map = task_.column_map + column_ * task_.columns.stride;
    const int64_t first = map[0], last = map[(w.columns - 1) * task_.columns.dilation];
    if (spread_ && first >= 0 && last - first == w.columns - 1)
      return sum_rows<Src, channels>(rows, first, to);
    for (int c = 0; c < channels; ++c) to[c] = 0;
    for (int64_t r = 0; r < w.rows; ++r) {
      const Src* from = line<Src>(r);
      for (int64_t c = 0; c < w.columns; ++c) {
        const int64_t tap = r * w.columns + c;
        const int32_t across = map[c * task_.columns.dilation];
        if (w.nearest[tap] == 0) continue;
        int64_t pixel[channels];
        for (int i = 0; i < channels; ++i)
          pixel[i] = from && across >= 0  ? int64_t(from[across * channels + i])
                     : i == channels - 1 ? int64_t(task_.weighing->opaque)
                                         : int64_t(task_.constant);
        const int64_t weight = rows == Rows::weighed ? pixel[channels - 1] : 1;
        for (int i = 0; i < channels; ++i)
          to[i] += w.whole[tap] * (i == channels - 1 ? pixel[i] : pixel[i] * weight);
      }
    }
  }

  // The same where no border is in the way, in double.
  template <class Src, int channels>
  void sum_rows(Rows rows, int64_t first, i128* to) {
    const int64_t count = task_.weights.rows, values = task_.weights.columns * channels;
    double *__restrict pixels = rows_[0], *__restrict sums = rows_[1];
    for (int64_t x = 0; x < values; ++x) sums[x] = 0;
    for (int64_t r = 0; r < count; ++r) {
      const Src* from = line<Src>(r);
      if (from && rows == Rows::weighed) {
        products<channels, Rows::weighed>(from + first * channels, values, pixels);
      } else if (from) {
        for (int64_t x = 0; x < values; ++x) pixels[x] = double(from[first * channels + x]);
      } else {
        const double weight = task_.weighing->opaque;
        const double colour = task_.constant * (rows == Rows::weighed ? weight : 1);
        for (int64_t x = 0; x < values; ++x)
          pixels[x] = x % channels == channels - 1 ? weight : colour;
      }
      const double* __restrict along = spread_ + r * values;
      for (int64_t x = 0; x < values; ++x) sums[x] += pixels[x] * along[x];
    }
    double all[channels] = {};
    for (int64_t x = 0; x < values; x += channels)
      for (int c = 0; c < channels; ++c) all[c] += sums[x + c];
    for (int c = 0; c < channels; ++c) to[c] = i128(int64_t(all[c]));
  }

  const Task& task_;
  Scratch scratch_;
  bool in_double_, plain_known_ = false;
  double *spread_ = nullptr, *rows_[2];
  int64_t row_ = -1, column_ = -1;
  i128 weighed_[4], plain_[4];
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
