// Small whole weights on bytes: sums in int16, straight from the source and finished at once.
//
// The bytes of rows 2p and 2p + 1 are interleaved and multiplied by pairs of weights; the same
// pairs of rows serve an even and an odd output row, whose weights lie one row apart. Packing to
// bytes undoes the interleaving, so nothing is permuted. Pairs of weights that are zero cost
// nothing.
#pragma once

#include "finish.hpp"
#include "row_ends.hpp"

#if defined(__SSSE3__)

namespace imgconv {
namespace IMGCONV_LEVEL {

// How sums in int16 become values.
template <ShortKind kind>
struct ShortRounder {
  const ShortFinish& f;

  static inline __attribute__((always_inline)) Shorts each(int value) {
    return splat<int16_t>(int16_t(value));
  }

  inline __attribute__((always_inline)) Shorts operator()(Shorts sum) const {
    const Shorts added = each(f.added), down = each(f.down);
    if constexpr (kind == ShortKind::add) return sum + added;
    if constexpr (kind == ShortKind::halve) {
      Shorts t = sum + added;
      return (t + each((1 << (f.down - 1)) - 1) + ((t >> down) & each(1))) >> down;
    }
    Bytes raised = Bytes(sum << each(f.up)), factor = Bytes(each(f.factor));
    return (Shorts(IMGCONV_BYTES(mulhi_epi16)(raised, factor)) + added) >> down;
  }
};

// Which sums are not from 0 to 255.
static inline __attribute__((always_inline)) Flags<int16_t> beyond_bytes(Shorts sums) {
  const Shorts bits = splat<int16_t>(int16_t(-256));
#if defined(__AVX512BW__)
  return _mm512_test_epi16_mask(__m512i(sums), __m512i(bits));
#else
  return Shorts((sums & bits) != 0);
#endif
}

template <class Word>
struct PairStep {
  int32_t pair;    // of rows, of the block
  int32_t kind;    // bit r: output row r has a weight here; bit 2: so has another column
  int64_t offset;  // values
  int64_t other;   // of the column with the same weights
  Word words[2];   // the weights of the pair's rows, for each output row
};

template <class Word>
struct PairSteps {
  const PairStep<Word>* steps;
  int64_t count;
};

// List the steps of a pair of output rows, those of the greatest kind first; weight(tap) is a
// weight as a Word's half holds it. Columns with the same weights share steps if `folds` says so.
template <class Word, class WeightOf>
PairSteps<Word> listed_pairs(Scratch& scratch, const Task& task, bool folds, WeightOf weight) {
  const Weights& w = task.weights;
  constexpr int half = 4 * int(sizeof(Word));
  const uint32_t mask = (uint32_t(1) << half) - 1;
  int64_t pairs = (w.rows + 2) / 2, count = 0, apart = task.columns.dilation * task.channels;
  auto* steps = scratch.take<PairStep<Word>>(pairs * w.columns);
  auto bits = [&](int64_t row, int64_t column) {
    bool some = row >= 0 && row < w.rows;
    return some ? uint32_t(int32_t(weight(row * w.columns + column))) & mask : 0;
  };
  for (int kind = 7; kind >= 1; --kind)
    for (int64_t p = 0; p < pairs; ++p)
      for (int64_t c = 0; c < w.columns; ++c) {
        int64_t other = w.columns - 1 - c;
        bool folded = folds && c != other && same_columns(w.whole, w.rows, w.columns, c, other);
        if (folded && c > other) continue;
        PairStep<Word> step{int32_t(p), 0, c * apart, other * apart, {0, 0}};
        for (int64_t out = 0; out < 2; ++out) {
          step.words[out] = Word(bits(2 * p - out, c) | bits(2 * p + 1 - out, c) << half);
          if (step.words[out]) step.kind |= 1 << out | int(folded) << 2;
        }
        if (step.kind == kind) steps[count++] = step;
      }
  return {steps, count};
}

// Find the source lines of a pair of output rows, the two that the next one needs more, and where
// they are written; give how many of the two there are. One that is not wanted is written where the
// other is.
static inline int64_t find_rows(const Task& task, int64_t row, int64_t last, int64_t count,
                                const uint8_t** lines, uint8_t** to) {
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

// Which values of a pair of output rows are open.
struct OpenPair {
  int32_t* which[2];
  int64_t counts[2] = {};

  OpenPair(Scratch& scratch, int64_t most) {
    for (auto& open : which) open = scratch.take<int32_t>(most);
  }

  void add(int r, int64_t value) { which[r][counts[r]++] = int32_t(value); }

  // Compute them, when all of the rows is written.
  void recompute(Finish& finish, uint8_t* const* to, int64_t row, int64_t rows) {
    for (int64_t r = 0; r < rows; ++r) {
      finish.open = which[r];
      finish.open_count = counts[r];
      recompute_open(finish, to[r], row + r, 0);
      counts[r] = 0;
    }
  }
};

// Ask for a block of the two lines that will be needed next: processors do not look so far ahead.
template <int64_t width>
static inline __attribute__((always_inline)) void prefetch(const uint8_t* const* next, int64_t x) {
#pragma GCC unroll 4
  for (int64_t i = 0; i < width; i += 64)
    for (int r = 0; r < 2; ++r) __builtin_prefetch(next[r] + x + i);
}

template <ShortKind kind, bool clips, int vectors>
class RowPairs {
 public:
  explicit RowPairs(const Task& task)
      : task_(task), rounder_{task.shorts}, pairs_((task.weights.rows + 2) / 2),
        lines_(scratch_.take<const uint8_t*>(2 * pairs_ + 2)),
        ends_(scratch_, task, lines_, 2 * pairs_, width), far_(is_far(task)) {
    for (int lane = 0; lane < lanes_of<int16_t>; ++lane)
      places_[lane] = int16_t(lane / 8 * 16 + lane % 8);  // unpacking works within 16 bytes
    const i128* whole = task.weights.whole;
    list_ = listed_pairs<int16_t>(scratch_, task, false,
                                  [&](int64_t tap) { return int32_t(whole[tap]); });
  }

  Tally run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += 2) {
      uint8_t* to[2];
      int64_t rows = find_rows(task_, row, last, 2 * pairs_, lines_, to);
      ends_.fill(row);
      for (const Stretch* stretch : {&ends_.middle, &ends_.left, &ends_.right})
        if (rows == 2) blocks<2>(to, *stretch);
        else blocks<1>(to, *stretch);
    }
    return tally_;
  }

 private:
  static constexpr int64_t width = vectors * vector_bytes;

  template <int rows>
  void blocks(uint8_t* const* to, const Stretch& stretch) {
    const int64_t end = task_.columns.out * task_.channels;
    const bool asks = far_ && &stretch == &ends_.middle;
    for (int64_t x = stretch.first; x < stretch.last;) {
      int64_t stop = stretch.last - x < 4096 * width ? stretch.last : x + 4096 * width;
      Count<int16_t> clipped;
      for (; x < stop; x += width) {
        int64_t at = x + width > end ? end - width : x;  // the last block overlaps
        if (asks) prefetch<width>(lines_ + 2 * pairs_, at - stretch.start);
        block<rows>(to, at, stretch.lines, at - stretch.start, x - at, clipped);
      }
      if (clips) tally_.clipped += clipped.sum();
    }
  }

  // Sum and finish a block; of its values those before `known` have been counted already.
  template <int rows>
  inline __attribute__((always_inline)) void block(uint8_t* const* to, int64_t x,
                                                   const uint8_t* const* lines, int64_t from,
                                                   int64_t known, Count<int16_t>& clipped) {
    Shorts sums[2][vectors][2] = {};
    const PairStep<int16_t>*step = list_.steps, *end = step + list_.count;
    for (; step != end && step->kind == 3; ++step) add<3>(*step, lines, from, sums);
    for (; step != end && step->kind == 2; ++step) add<2>(*step, lines, from, sums);
    for (; step != end; ++step) add<1>(*step, lines, from, sums);
#pragma GCC unroll 2  // else the sums live in memory
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) {
        Shorts low = rounder_(sums[r][v][0]), high = rounder_(sums[r][v][1]);
        Bytes bytes = IMGCONV_BYTES(packus_epi16)(Bytes(low), Bytes(high));
        __builtin_memcpy(to[r] + x + v * vector_bytes, &bytes, sizeof bytes);
        if constexpr (clips) {
          Flags<int16_t> over[2] = {beyond_bytes(low), beyond_bytes(high)};
          if (__builtin_expect(known > 0, 0)) {
            Shorts place = places_ + splat<int16_t>(int16_t(v * vector_bytes - known));
            over[0] &= not_less<int16_t>(place, splat<int16_t>(0));
            over[1] &= not_less<int16_t>(place, splat<int16_t>(-8));
          }
          clipped.add(over[0]);
          clipped.add(over[1]);
        }
      }
  }

  template <int outputs>
  inline __attribute__((always_inline)) void add(const PairStep<int16_t>& step,
                                                 const uint8_t* const* lines, int64_t from,
                                                 Shorts (&sums)[2][vectors][2]) const {
    const uint8_t* above = lines[2 * step.pair] + from + step.offset;
    const uint8_t* below = lines[2 * step.pair + 1] + from + step.offset;
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      Bytes a, b;
      __builtin_memcpy(&a, above + v * vector_bytes, sizeof a);
      __builtin_memcpy(&b, below + v * vector_bytes, sizeof b);
      Bytes low = IMGCONV_BYTES(unpacklo_epi8)(a, b), high = IMGCONV_BYTES(unpackhi_epi8)(a, b);
#pragma GCC unroll 2
      for (int r = 0; r < 2; ++r)
        if (outputs >> r & 1) {
          Bytes word = Bytes(splat<int16_t>(step.words[r]));
          sums[r][v][0] += Shorts(IMGCONV_BYTES(maddubs_epi16)(low, word));
          sums[r][v][1] += Shorts(IMGCONV_BYTES(maddubs_epi16)(high, word));
        }
    }
  }

  const Task& task_;
  Scratch scratch_;
  ShortRounder<kind> rounder_;
  Tally tally_;
  PairSteps<int16_t> list_;
  int64_t pairs_;
  const uint8_t** lines_;
  RowEnds<uint8_t> ends_;
  bool far_;
  Shorts places_{};  // of the lanes of the lower half; the upper half's are 8 further
};

// Outputs are done in blocks of one vector or two, as a row has room for them.
template <ShortKind kind, bool clips>
bool paired(const Task& task, int64_t first, int64_t last, Tally& tally) {
  int64_t room = task.columns.out * task.channels;
  if (!RowEnds<uint8_t>::serves(task)) return false;
  if (room >= 2 * vector_bytes) tally = RowPairs<kind, clips, 2>(task).run(first, last);
  else if (room >= vector_bytes) tally = RowPairs<kind, clips, 1>(task).run(first, last);
  return room >= vector_bytes;
}

// Do a band of rows in pairs, if the task can be done so.
static inline bool row_pairs(const Task& task, int64_t first, int64_t last, Tally& tally) {
  if (task.rows.stride != 1 || task.columns.stride != 1 || task.rows.dilation != 1) return false;
  switch (task.shorts.kind) {
    case ShortKind::add:
      return task.clips ? paired<ShortKind::add, true>(task, first, last, tally)
                        : paired<ShortKind::add, false>(task, first, last, tally);
    case ShortKind::halve:
      return task.clips ? paired<ShortKind::halve, true>(task, first, last, tally)
                        : paired<ShortKind::halve, false>(task, first, last, tally);
    case ShortKind::scale:
      return task.clips ? paired<ShortKind::scale, true>(task, first, last, tally)
                        : paired<ShortKind::scale, false>(task, first, last, tally);
    default: return false;
  }
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv

#endif
