// Small whole weights on bytes: sums in int16, straight from the source and finished at once.
//
// The bytes of rows 2p and 2p + 1 are interleaved and multiplied by pairs of weights; the same
// pairs of rows serve an even and an odd output row, whose weights lie one row apart. Packing to
// bytes undoes the interleaving, so nothing is permuted. Pairs of weights that are zero cost
// nothing.
#pragma once

#include "finish.hpp"
#include "row_ends.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// How sums in int16 become values. Copied, since whatever is written might change what a reference
// names.
template <class S, ShortKind kind>
struct ShortRounder {
  ShortFinish f;

  static IMGCONV_INLINE Shorts each(int value) { return splat<int16_t>(int16_t(value)); }

  IMGCONV_INLINE Shorts operator()(Shorts sum) const {
    const Shorts added = each(f.added), down = each(f.down);
    if constexpr (kind == ShortKind::add) {
      return sum + added;
    } else if constexpr (kind == ShortKind::halve) {
      Shorts t = sum + added;
      return (t + each((1 << (f.down - 1)) - 1) + ((t >> down) & each(1))) >> down;
    } else {
      const Shorts near = (S::high_product(sum << each(f.up), each(f.factor)) + added) >> down;
      if constexpr (kind == ShortKind::scale) return near;
      // Less than the denominator, which int16 holds, is between both sides of a half: what wraps round
      // before does not matter.
      using Wraps = Vector<uint16_t>;
      const Wraps above = Wraps(near) * Wraps(each(f.denominator)) -
                          Wraps(sum) * Wraps(each(f.whole_factor));
      const Shorts half = Shorts(above) == each(f.whole_added + f.denominator / 2);
      return near - (half & near & each(1));
    }
  }
};

// A column of a pair of rows, and its weights for each output row.
struct PairStep {
  const uint8_t *above, *below;  // where value 0 of the output row sees the rows of the pair
  int64_t to_other;              // from it to the column with the same weights
  int32_t words[2];
  int32_t kind;  // which of the weights there are, as the algorithm has them; 0: none
  int32_t pair;
  int64_t offset;  // values
};

struct PairSteps {
  PairStep* steps;
  int64_t count;

  PairStep* end() const { return steps + count; }

  // Point at what a stretch of the output rows sees.
  void look_at(const Stretch& stretch) const {
    for (PairStep* step = steps; step != end(); ++step) {
      const int64_t offset = step->offset - stretch.start;
      step->above = stretch.lines[2 * step->pair] + offset;
      step->below = stretch.lines[2 * step->pair + 1] + offset;
    }
  }
};

// List the steps of a pair of output rows, those of the greatest kind first. weight(tap) is a weight
// of `half` bits; a word has those of two rows, as often as it holds them. Columns with the same
// weights share steps if `folds` says so.
template <int most_kind, int half, class WeightOf, class KindOf>
PairSteps listed_pairs(Scratch& scratch, const Task& task, bool folds, WeightOf weight,
                       KindOf kind_of) {
  const Weights& w = task.weights;
  constexpr uint32_t mask = (uint32_t(1) << half) - 1, times = half == 8 ? 0x10001 : 1;
  int64_t pairs = (w.rows + 2) / 2, count = 0, apart = task.columns.dilation * task.channels;
  auto* steps = scratch.take<PairStep>(pairs * w.columns);
  auto bits = [&](int64_t row, int64_t column) {
    bool some = row >= 0 && row < w.rows;
    return some ? uint32_t(int32_t(weight(row * w.columns + column))) & mask : 0;
  };
  for (int kind = most_kind; kind >= 1; --kind)
    for (int64_t p = 0; p < pairs; ++p)
      for (int64_t c = 0; c < w.columns; ++c) {
        int64_t other = w.columns - 1 - c;
        bool folded = folds && c != other && same_columns(w.whole, w.rows, w.columns, c, other);
        if (folded && c > other) continue;
        PairStep step{nullptr, nullptr, (other - c) * apart, {0, 0}, 0, int32_t(p), c * apart};
        for (int64_t out = 0; out < 2; ++out)
          step.words[out] =
              int32_t((bits(2 * p - out, c) | bits(2 * p + 1 - out, c) << half) * times);
        step.kind = kind_of(step.words, folded);
        if (step.kind == kind) steps[count++] = step;
      }
  return {steps, count};
}

// Find the source lines of a pair of output rows, the two that the next one needs more, and where
// they are written; give how many of the two there are. One that is not wanted is written where the
// other is.
static inline IMGCONV_NOINLINE int64_t find_rows(const Task& task, int64_t row, int64_t last,
                                          int64_t count, const uint8_t** lines, uint8_t** to) {
  for (int64_t i = 0; i < count + 2; ++i) {
    int64_t position = row + i, end = task.rows.span() - 1;
    int32_t at = task.row_map[position < end ? position : end];
    lines[i] = at < 0 ? task.constant_row : task.source + at * task.source_stride;
  }
  int64_t rows = last - row < 2 ? 1 : 2;
  for (int64_t r = 0; r < 2; ++r)
    to[r] = task.target + (row + (r < rows ? r : 0)) * task.target_stride;
  return rows;
}

// Which values of a pair of output rows are undecided.
struct UndecidedPair {
  int32_t* which[2];
  int64_t counts[2] = {};

  UndecidedPair(Scratch& scratch, int64_t most) {
    for (auto& undecided : which) undecided = scratch.take<int32_t>(most);
  }

  void add(int r, int64_t value) { which[r][counts[r]++] = int32_t(value); }

  // Compute them, when all of the rows is written.
  IMGCONV_NOINLINE void recompute(Finish& finish, uint8_t* const* to, int64_t row, int64_t rows) {
    for (int64_t r = 0; r < rows; ++r) {
      finish.undecided = which[r];
      finish.undecided_count = counts[r];
      recompute_undecided(finish, to[r], row + r, 0);
      counts[r] = 0;
    }
  }
};

// Ask for a block of the two lines that will be needed next: processors do not look so far ahead.
template <int64_t width>
static IMGCONV_INLINE void prefetch(const uint8_t* const* next, int64_t x) {
  IMGCONV_UNROLL(4)
  for (int64_t i = 0; i < width; i += 64)
    for (int r = 0; r < 2; ++r) __builtin_prefetch(next[r] + x + i);
}

// For each output row a bit for each source row with a weight, or one for both of them.
template <class S>
struct PairKinds {
  static constexpr int bits = S::rows_are_apart ? 2 : 1, most = S::rows_are_apart ? 15 : 3;
  static int of(int32_t words) {
    if (!S::rows_are_apart) return words != 0;
    return int((words & 255) != 0) | int((words >> 8 & 255) != 0) << 1;
  }
};

// List the steps of whole weights, and what sums start with.
template <class S>
IMGCONV_NOINLINE PairSteps listed_row_pairs(Scratch& scratch, const Task& task,
                                            int16_t& start) {
  using Kinds = PairKinds<S>;
  const i128* whole = task.weights.whole;
  for (int64_t i = 0; i < task.weights.rows * task.weights.columns; ++i)
    start = int16_t(start + S::pixel_offset * int32_t(whole[i]));
  return listed_pairs<Kinds::most, 8>(
      scratch, task, false, [&](int64_t tap) { return int32_t(whole[tap]); },
      [](const int32_t* words, bool) {
        return Kinds::of(words[0]) | Kinds::of(words[1]) << Kinds::bits;
      });
}

// In blocks of a few vectors, and of one where a row has no room for them.
template <class S, ShortKind kind, bool clips>
class RowPairs {
 public:
  explicit RowPairs(const Task& task)
      : task_(task), rounder_{task.shorts}, pairs_((task.weights.rows + 2) / 2),
        lines_(scratch_.take<const uint8_t*>(2 * pairs_ + 2)),
        ends_(scratch_, task, lines_, 2 * pairs_, vector_bytes), far_(is_far(task)) {
    for (int lane = 0; lane < lanes_of<int16_t>; ++lane)
      places_[lane] = int16_t(S::place_of_short(lane));
    list_ = listed_row_pairs<S>(scratch_, task, start_);
  }

  Counts run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += 2) {
      uint8_t* to[2];
      int64_t rows = find_rows(task_, row, last, 2 * pairs_, lines_, to);
      ends_.fill(row);
      for (const Stretch* stretch : {&ends_.left, &ends_.interior, &ends_.right})
        blocks(rows, to, *stretch);
    }
    return counts_;
  }

 private:
  template <int vectors>
  using Sums = Shorts[2][vectors][2];
  static constexpr int64_t wide = S::pair_vectors * vector_bytes;
  static constexpr int64_t most_counted = 4096 / S::pair_vectors * wide;  // in lanes of 16 bits

  static constexpr int bits = PairKinds<S>::bits, most_kind = PairKinds<S>::most;

  void blocks(int64_t rows, uint8_t* const* to, const Stretch& stretch) {
    if (stretch.first >= stretch.last) return;
    list_.look_at(stretch);
    const int64_t end = task_.columns.out * task_.channels - vector_bytes;
    const int64_t before = task_.columns.before * task_.channels;
    const uint8_t* const* next = lines_ + 2 * pairs_;
    const ShortRounder<S, kind> rounder = rounder_;
    for (int64_t x = stretch.first; x < stretch.last;) {
      int64_t stop = stretch.last - x < most_counted ? stretch.last : x + most_counted;
      FlagCount<int16_t> clipped;
      for (; x + wide <= stop; x += wide) {
        if (far_) prefetch<wide>(next, x - before);
        block<S::pair_vectors>(rows, to, x, 0, rounder, clipped);
      }
      for (; x < stop; x += vector_bytes) {
        int64_t at = x < end ? x : end;  // the last block overlaps
        block<1>(rows, to, at, x - at, rounder, clipped);
      }
      if (clips) counts_.clipped += clipped.sum();
    }
  }

  // Sum and finish a block; of its values those before `known` have been counted already.
  template <int vectors>
  IMGCONV_INLINE void block(int64_t rows, uint8_t* const* to, int64_t x, int64_t known,
                            const ShortRounder<S, kind>& rounder, FlagCount<int16_t>& clipped) {
    Sums<vectors> sums;
    const Shorts start = S::pixel_offset ? splat<int16_t>(start_) : Shorts{};
    const PairStep* step = list_.steps;
    if (!S::rows_are_apart && step != list_.end() && step->kind == most_kind) {
      add<most_kind, vectors, true>(*step++, x, sums);
    } else {
      IMGCONV_UNROLL(2)
      for (int r = 0; r < 2; ++r)
        IMGCONV_UNROLL(4)
        for (int v = 0; v < vectors; ++v) sums[r][v][0] = sums[r][v][1] = start;
    }
    add_steps<most_kind, vectors>(step, list_.end(), x, sums);
    IMGCONV_UNROLL(2)  /* else the sums live in memory */
    for (int r = 0; r < 2; ++r) {
      if (r >= rows) break;
      IMGCONV_UNROLL(4)
      for (int v = 0; v < vectors; ++v) {
        Shorts low = rounder(sums[r][v][0]), high = rounder(sums[r][v][1]);
        store<uint8_t>(to[r] + x + v * vector_bytes, S::packed(low, high));
        if constexpr (clips) {
          Flags<int16_t> over[2] = {S::beyond_bytes(low), S::beyond_bytes(high)};
          if (__builtin_expect(known > 0, 0)) {
            Shorts place = places_ + splat<int16_t>(int16_t(v * vector_bytes - known));
            over[0] &= Simd::not_less<int16_t>(place, splat<int16_t>(0));
            over[1] &= Simd::not_less<int16_t>(place, splat<int16_t>(-8));
          }
          clipped.add(over[0]);
          clipped.add(over[1]);
        }
      }
    }
  }

  // Add all steps: those of few kinds in one loop after the other, those of many in one.
  template <int kind_of_step, int vectors>
  IMGCONV_INLINE void add_steps(const PairStep* step, const PairStep* end,
                                int64_t x, Sums<vectors>& sums) const {
    if constexpr (S::rows_are_apart) {
      for (; step != end; ++step) add_one_of<most_kind, vectors>(*step, x, sums);
    } else {
      for (; step != end && (kind_of_step == 1 || step->kind == kind_of_step); ++step)
        add<kind_of_step, vectors>(*step, x, sums);
      if constexpr (kind_of_step > 1) add_steps<kind_of_step - 1, vectors>(step, end, x, sums);
    }
  }

  template <int kind_of_step, int vectors>
  IMGCONV_INLINE void add_one_of(const PairStep& step, int64_t x, Sums<vectors>& sums) const {
    if constexpr (kind_of_step > 1) {
      if (step.kind != kind_of_step)
        return add_one_of<kind_of_step - 1, vectors>(step, x, sums);
    }
    add<kind_of_step, vectors>(step, x, sums);
  }

  template <int kind_of_step, int vectors, bool first_step = false>
  IMGCONV_INLINE void add(const PairStep& step, int64_t x, Sums<vectors>& sums) const {
    constexpr int first = kind_of_step & ((1 << bits) - 1), second = kind_of_step >> bits;
    const uint8_t *above = step.above + x, *below = step.below + x;
    IMGCONV_UNROLL(4)
    for (int v = 0; v < vectors; ++v) {
      auto pair = S::template pair<first | second>(load<uint8_t>(above + v * vector_bytes),
                                                   load<uint8_t>(below + v * vector_bytes));
      if constexpr (first_step)
        for (int r = 0; r < 2; ++r)
          for (int i = 0; i < 2; ++i) sums[r][v][i] = Shorts{};
      if constexpr (first != 0) S::template add_pair<first>(sums[0][v], pair, step.words[0]);
      if constexpr (second != 0) S::template add_pair<second>(sums[1][v], pair, step.words[1]);
    }
  }

  const Task& task_;
  Scratch scratch_;
  ShortRounder<S, kind> rounder_;
  Counts counts_;
  PairSteps list_;
  int64_t pairs_;
  const uint8_t** lines_;
  RowEnds<uint8_t> ends_;
  bool far_;
  int16_t start_ = 0;  // of each sum
  Shorts places_{};  // of the lanes of the lower half; the upper half's are 8 further
};

template <class S, ShortKind kind, bool clips>
bool paired(const Task& task, int64_t first, int64_t last, Counts& counts) {
  bool room = task.columns.out * task.channels >= vector_bytes;
  if (!room || !RowEnds<uint8_t>::serves(task)) return false;
  counts = RowPairs<S, kind, clips>(task).run(first, last);
  return true;
}

// Do a band of rows in pairs, if the task can be done so.
template <class S>
bool row_pairs(const Task& task, int64_t first, int64_t last, Counts& counts) {
  if (task.rows.stride != 1 || task.columns.stride != 1 || task.rows.dilation != 1) return false;
  switch (task.shorts.kind) {
    case ShortKind::add:
      return task.clips ? paired<S, ShortKind::add, true>(task, first, last, counts)
                        : paired<S, ShortKind::add, false>(task, first, last, counts);
    case ShortKind::halve:
      return task.clips ? paired<S, ShortKind::halve, true>(task, first, last, counts)
                        : paired<S, ShortKind::halve, false>(task, first, last, counts);
    case ShortKind::scale:
      return task.clips ? paired<S, ShortKind::scale, true>(task, first, last, counts)
                        : paired<S, ShortKind::scale, false>(task, first, last, counts);
    case ShortKind::scale_even:
      return task.clips ? paired<S, ShortKind::scale_even, true>(task, first, last, counts)
                        : paired<S, ShortKind::scale_even, false>(task, first, last, counts);
    default: return false;
  }
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
