// Float pictures into float ones: sums in double, straight from the source.
//
// Pixels become doubles as they are loaded, which takes less than to keep rows of doubles. Sums of
// all taps are rounded in the registers that they are made in; those down the columns of separable
// kernels stay in the nearest cache until they are summed along the rows. Where pixels are whole
// multiples of a power of two that is not too small, as those that came from 8 or 16 bits are, sums
// of all taps are exact in float, which takes half as long.
#pragma once

#include "row_pass.hpp"
#include "band.hpp"
#include "finish.hpp"
#include "float_row_pass.hpp"
#include "peaks.hpp"
#include "row_ends.hpp"
#include "segments.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

class FloatRows {
 public:
  // Rows must have room for a block, and neighbours in them be neighbours of outputs.
  static bool serves(const Task& task) {
    return task.type_out == Type::f32 && task.columns.stride == 1 &&
           task.columns.out * task.channels >= width && RowEnds<float>::serves(task);
  }

  explicit FloatRows(const Task& task)
      : task_(task), finish_{task, exact_values<float>, nullptr, nullptr, 0, {}},
        apart_(task.plan.separable), reach_(reach_of(task)), steps_(steps_for(scratch_, task)),
        ahead_(block_rows * task.rows.stride), chunks_((steps_.groups + ahead_ - 1) / ahead_),
        lines_(scratch_.take<const unsigned char*>((chunks_ + 1) * ahead_)),
        ends_(scratch_, task, lines_, steps_.groups, width),
        peaks_(scratch_, chunks_ + 1, task.columns.length * task.channels),
        far_(is_far(task)), near_(has_segments(task)) {
    if (near_) list_segments();
    int64_t values = task.columns.out * task.channels;
    for (auto& undecided : undecided_) undecided = scratch_.take<int32_t>(values + width);
    if (!apart_) return;
    row_pass_ = listed_row_pass(scratch_, task.weights.row, task.weights.columns,
                          task.columns.dilation * task.channels);
    pitch_ = (piece + reach_ + past_end) / lanes * lanes;
    sums_ = scratch_.take<double>(pitch_ * block_rows);
    crossed_ = scratch_.take<double>(piece + past_end);
    const int64_t taps = task.weights.columns;
    bool near = task.channels == 1 && task.columns.dilation == 1 && taps % 2 && taps > 1;
    if (!near || taps > most_row_taps || !is_symmetric(task.weights.row, taps)) return;
    folded_ = taps;
    for (int64_t i = 0; i <= taps / 2; ++i) weights_[i] = splat<double>(task.weights.row[i]);
  }

  Counts run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += block_rows) {
      row_ = row;
      rows_ = last - row < block_rows ? last - row : block_rows;
      base_ = row * task_.rows.stride;
      find_lines();
      for (int64_t r = 0; r < rows_; ++r)
        to_[r] = reinterpret_cast<float*>(task_.target + (row + r) * task_.target_stride);
      ends_.fill(base_);
      chunk_ = (row - first) / block_rows;
      for (int64_t i = 0; i < chunks_ && row == first; ++i) note_chunk(i, 0, peaks_.stretches());
      noted_ = 0;
      pieces(ends_.interior);
      note_ahead(peaks_.stretches());
      pieces(ends_.left);
      pieces(ends_.right);
      recompute();
    }
    return finish_.counts;
  }

 private:
  static constexpr int64_t lanes = lanes_of<double>, width = block_vectors * lanes;
  static constexpr int64_t piece = 512;
  static constexpr int64_t most_single_taps = 25;  // where sums of columns and rows stand apart

  static int64_t reach_of(const Task& task) {
    return (task.columns.taps - 1) * task.columns.dilation * task.channels;
  }

  static Steps<MacFloats> steps_for(Scratch& scratch, const Task& task) {
    const Weights& w = task.weights;
    return listed<MacFloats>(scratch, weights_for<MacFloats>(scratch, task), w.rows,
                             task.plan.separable ? 1 : w.columns, task.rows.stride,
                             task.rows.dilation, task.columns.dilation * task.channels);
  }

  void list_segments() {
    const Weights& w = task_.weights;
    const int64_t step = task_.columns.dilation * task_.channels;
    const double* weights = weights_for<MacFloats>(scratch_, task_);
    segments_ = listed_segments<MacFloats>(scratch_, weights, w.rows, apart_ ? 1 : w.columns, step);
    if (!task_.plan.scaled || (apart_ && w.rows * w.columns > most_single_taps)) return;
    singles_ = listed_segments<MacF32>(scratch_, w.nearest, w.rows, w.columns, step);
  }

  // Whether sums in float are exact: they are multiples of the unit, and less than 2**24 of them.
  bool is_single(Peak peak) const {
    const bool fits = peak.most < task_.plan.exact_span * 0x1p-29 * peak.unit;
    return singles_.count && peak.finite && fits && peak.unit < 0x1p100;
  }

  const float* line(int64_t i) const { return reinterpret_cast<const float*>(lines_[i]); }

  // The lines that a block of rows sees, and those that the next one needs more.
  void find_lines() {
    for (int64_t i = 0; i < (chunks_ + 1) * ahead_; ++i) {
      int64_t position = base_ + i, end = task_.rows.span() - 1;
      int32_t at = task_.row_map[position < end ? position : end];
      lines_[i] = at < 0 ? task_.constant_row : task_.source + at * task_.source_stride;
    }
  }

  void note_chunk(int64_t i, int64_t first, int64_t after) {
    peaks_.note(chunk_ + i, lines_ + i * ahead_, ahead_, first, after);
  }

  // Note the peaks of the lines that the next block sees more while it is this one's turn: they are
  // on their way.
  void note_ahead(int64_t stretches) {
    if (stretches <= noted_) return;
    note_chunk(chunks_, noted_, stretches);
    noted_ = stretches;
  }

  void pieces(const Stretch& stretch) {
    const bool interior = &stretch == &ends_.interior;
    const int64_t values = task_.columns.length * task_.channels;
    const float constant = task_.constant_row ? task_.constant : 0;
    for (int64_t x = stretch.first; x < stretch.last; x += piece) {
      int64_t after = stretch.last - x < piece ? stretch.last : x + piece;
      int64_t from = interior ? x - stretch.start : 0;
      int64_t to = interior ? from + after - x + reach_ : values;
      const Peak peak = peaks_.of(chunk_, chunks_, from, to, constant);
      const Bound bound = bound_for(task_.plan, peak);
      dense_ = near_ && (peak.finite || !segments_.has_zeros);
      if (after - x >= 2 * width && is_single(peak)) singly(stretch, x, after, bound);
      else if (apart_) apart(stretch, x, after, bound);
      else together(stretch, x, after, bound);
      if (interior) note_ahead((from + after - x) / Peaks<float>::stretch);
    }
  }

  // Ask for a block of those lines, and of those that will be written. Inline, for the compiler
  // drops calls that do nothing else.
  IMGCONV_INLINE void ask(const Stretch& stretch, int64_t from) const {
    if (!far_ || &stretch != &ends_.interior) return;
    for (int64_t i = chunks_ * ahead_; i < (chunks_ + 1) * ahead_; ++i)
      for (int64_t x = 0; x < width; x += 16) __builtin_prefetch(line(i) + from + x);
    for (int64_t r = 0; r < rows_; ++r) {
      unsigned char* to = task_.target + (row_ + r) * task_.target_stride;
      for (int64_t x = 0; x < width; x += 16)
        __builtin_prefetch(to + (from + stretch.start + x) * int64_t(sizeof(float)), 1);
    }
  }

  void together(const Stretch& stretch, int64_t x, int64_t after, Bound bound) {
    const FloatFinish finish(finish_.floats, bound);
    with_rounds(finish, [&](auto rounds) { blocks<rounds>(stretch, x, after, finish); });
  }

  // Sum all taps and round, in registers.
  template <Rounds rounds>
  void blocks(const Stretch& stretch, int64_t x, int64_t after, const FloatFinish finish) {
    const int64_t end = task_.columns.out * task_.channels;
    for (; x < after; x += width) {
      int64_t at = x + width > end ? end - width : x;  // the last block overlaps
      ask(stretch, at - stretch.start);
      const int64_t from = (at - stretch.start) * int64_t(sizeof(float));
      Block<MacFloats> sums;
      if (dense_) sum_segments<MacFloats>(segments_, stretch.lines, from, sums);
      else sum_steps(stretch.lines, from, sums);
      IMGCONV_UNROLL(4)
      for (int r = 0; r < block_rows; ++r) {
        if (r >= rows_) break;
        round<rounds>(sums[r], r, at, finish);
      }
    }
  }

  // The same by the list of steps, which leaves out zeros: for what is not finite, and what is not
  // near.
  IMGCONV_INLINE void sum_steps(const unsigned char* const* lines, int64_t from,
                                Block<MacFloats>& sums) const {
    Block<MacFloats> found;  // apart from the others, which stay in registers
    run_steps(lines, from, found);
    IMGCONV_UNROLL(4)
    for (int r = 0; r < block_rows; ++r)
      IMGCONV_UNROLL(4)
      for (int v = 0; v < block_vectors; ++v) sums[r][v] = found[r][v];
  }

  IMGCONV_NOINLINE void run_steps(const unsigned char* const* lines, int64_t from,
                                  Block<MacFloats>& sums) const {
    sum_block<MacFloats>(steps_, lines, from, sums);
  }

  // Sum all taps in float, exactly, and round.
  void singly(const Stretch& stretch, int64_t x, int64_t after, Bound bound) {
    const FloatFinish finish(finish_.floats, bound);
    const bool divides = finish.divides_floats(), at_once = divides || finish.serves_floats();
    const Vector<float> divisor = splat<float>(float(finish_.floats.denominator));
    const Vector<float> gain = splat<float>(float(finish_.floats.gain));
    const Vector<float> added = splat<float>(float(finish_.floats.added));
    for (; x < after; x += 2 * width) {
      int64_t at = after - x < 2 * width ? after - 2 * width : x;  // the last block overlaps
      ask(stretch, at - stretch.start);
      ask(stretch, at - stretch.start + width);
      Block<MacF32> sums;
      sum_segments<MacF32>(singles_, stretch.lines, (at - stretch.start) * int64_t(sizeof(float)),
                           sums);
      IMGCONV_UNROLL(4)
      for (int r = 0; r < block_rows; ++r) {
        if (r >= rows_) break;
        IMGCONV_UNROLL(4)
        for (int v = 0; v < block_vectors; ++v) {
          Vector<float> value = sums[r][v];
          if (at_once) {
            value = divides ? value / divisor : Simd::multiply_add<float>(added, value, gain);
            if (finish_.floats.absolute) value = Simd::magnitude<float>(value);
            value += 0.0f;
          }
          store<float>(to_[r] + at + v * lanes_of<float>, value);
        }
      }
      if (!at_once) round_singles(at, finish);
    }
  }

  // Round sums that stand where the values will.
  void round_singles(int64_t at, const FloatFinish& finish) {
    with_rounds(finish, [&](auto rounds) {
      for (int64_t r = 0; r < rows_; ++r)
        for (int64_t x = at; x < at + 2 * width; x += width) {
          DoubleBlock sums;
          IMGCONV_UNROLL(4)
          for (int v = 0; v < block_vectors; ++v)
            sums[v] = Simd::load_pixels(to_[r] + x + v * lanes);
          round<rounds>(sums, r, x, finish);
        }
    });
  }

  template <Rounds rounds>
  IMGCONV_INLINE void round(const DoubleBlock& sums, int64_t r, int64_t at,
                                                   const FloatFinish& finish) {
    float* to = to_[r] + at;
    Flags<double> undecided[block_vectors], some{};
    IMGCONV_UNROLL(4)
    for (int v = 0; v < block_vectors; ++v) {
      NarrowFloats values;
      undecided[v] = finish.template operator()<rounds>(sums[v], values);
      some |= undecided[v];
      __builtin_memcpy(to + v * lanes, &values, sizeof values);
    }
    if (__builtin_expect(Simd::any<double>(some), 0))
      for (int v = 0; v < block_vectors; ++v)
        note(r, at + v * lanes, Simd::bits_of_flags<double>(undecided[v]));
  }

  // Note what is undecided, twice where blocks overlap: their bounds may differ.
  void note(int r, int64_t at, uint32_t undecided) {
    for (; undecided; undecided &= undecided - 1) undecided_[r][undecided_counts_[r]++] = int32_t(at) + __builtin_ctz(undecided);
  }

  void recompute() {
    for (int64_t r = 0; r < rows_; ++r) {
      finish_.undecided = undecided_[r];
      finish_.undecided_count = undecided_counts_[r];
      if (undecided_counts_[r]) recompute_undecided(finish_, to_[r], row_ + r, 0);
      undecided_counts_[r] = 0;
    }
  }

  // Sum down the columns, then along the rows.
  void apart(const Stretch& stretch, int64_t x, int64_t after, Bound bound) {
    if (after - x < width) x = after - width;  // the last block overlaps
    int64_t count = after - x, values = count + reach_;
    for (int64_t i = 0; i < values; i += width) {
      int64_t at = values - i < width ? values - width : i, from = x - stretch.start + at;
      if (i < count) ask(stretch, from);
      Block<MacFloats> sums;
      if (dense_)
        sum_segments<MacFloats>(segments_, stretch.lines, from * int64_t(sizeof(float)), sums);
      else sum_steps(stretch.lines, from * int64_t(sizeof(float)), sums);
      IMGCONV_UNROLL(4)
      for (int r = 0; r < block_rows; ++r)
        IMGCONV_UNROLL(4)
        for (int v = 0; v < block_vectors; ++v)
          store<double>(sums_ + at + r * pitch_ + v * lanes, sums[r][v]);
    }
    if (folded_) return folded(x, count, bound);
    for (int64_t r = 0; r < rows_; ++r) {
      finish_.undecided = undecided_[r];
      run_row_pass<double>(row_pass_, sums_ + r * pitch_, count, crossed_);
      finish_piece<double, float>(finish_, crossed_, row_ + r, x, count, bound);
    }
  }

  // Sum along the rows and round, in registers.
  void folded(int64_t x, int64_t count, Bound bound) {
    const FloatFinish finish(finish_.floats, bound);
    with_rounds(finish, [&](auto rounds) {
      switch (folded_) {
        case 3: return along<3, rounds>(x, count, finish);
        case 5: return along<5, rounds>(x, count, finish);
        case 7: return along<7, rounds>(x, count, finish);
        default: return along<9, rounds>(x, count, finish);
      }
    });
  }

  template <int taps, Rounds rounds>
  void along(int64_t x, int64_t count, const FloatFinish finish) {
    Vector<double> weights[taps / 2 + 1];
    for (int i = 0; i <= taps / 2; ++i) weights[i] = weights_[i];
    for (int64_t r = 0; r < rows_; ++r)
      for (int64_t i = 0; i < count; i += width) {
        int64_t at = count - i < width ? count - width : i;  // the last block overlaps
        DoubleBlock sums;
        sum_along<taps>(sums_ + r * pitch_ + at, weights, sums);
        round<rounds>(sums, r, x + at, finish);
      }
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  const bool apart_;
  const int64_t reach_;
  Steps<MacFloats> steps_;
  const int64_t ahead_, chunks_;  // lines of a chunk, and chunks that a block sees
  const unsigned char** lines_;
  RowEnds<float> ends_;
  Peaks<float> peaks_;
  const bool far_, near_;
  bool dense_ = false;  // by segments, where nothing that is not finite meets a weight of zero
  Segments<MacFloats> segments_{};
  Segments<MacF32> singles_{};
  RowPass row_pass_{};
  int64_t folded_ = 0;  // weights along the row, where those that are the same are added up first
  Vector<double> weights_[most_row_taps / 2 + 1];
  int64_t pitch_ = 0, row_ = 0, rows_ = 0, base_ = 0, chunk_ = 0, noted_ = 0;
  double *sums_ = nullptr, *crossed_ = nullptr;
  float* to_[block_rows];
  int64_t undecided_counts_[block_rows] = {};
  int32_t* undecided_[block_rows];
};

static Counts float_band(const Task& task, int64_t first, int64_t last) {
  if (FloatRows::serves(task)) return FloatRows(task).run(first, last);
  return taps_band<MacFloats, float>(task, first, last);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
