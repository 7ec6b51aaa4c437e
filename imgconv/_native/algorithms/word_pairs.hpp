// Small kernels of 16-bit weights on bytes: summed in int32 and finished at once, as `row_pairs.hpp`
// does for small weights of 8 bits.
//
// The bytes of rows 2p and 2p + 1 are interleaved, widened to 16 bits and multiplied by pairs of
// weights, for an even and an odd output row. Packing undoes the interleaving and clamps. The sums
// are exact, or in fixed point: then what the bound leaves undecided is computed exactly.
#pragma once

#include "band.hpp"
#include "row_pairs.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// A bit for each output row, and one for a column that another one is added to.
inline constexpr int most_word_kind = 7;

static inline IMGCONV_NOINLINE PairSteps listed_word_pairs(Scratch& scratch, const Task& task) {
  const double* weights = weights_for<MacDot16>(scratch, task);
  return listed_pairs<most_word_kind, 16>(
      scratch, task, true, [&](int64_t tap) { return weights[tap]; },
      [](const int32_t* words, bool folded) {
        int rows = int(words[0] != 0) | int(words[1] != 0) << 1;
        return rows ? rows | int(folded) << 2 : 0;
      });
}

// Sums in fixed point. Bias, half and bound are in what they start with: undecided is where a shift
// drops 2 * bound at most.
struct ShiftedSums {
  int32_t shift, most, start;

  IMGCONV_NOINLINE explicit ShiftedSums(const Task& task)
      : shift(task.plan.shift), most(2 * int32_t(task.plan.bound)) {
    const Quotient& q = task.quotient;
    double added = __builtin_ldexp(to_double(q.added) / to_double(q.denominator), shift);
    start = int32_t(__builtin_rint(added) + task.plan.bound) + (int32_t(1) << (shift - 1));
  }

  static bool serves(const Task& task) {
    return task.plan.sum_kind == SumKind::fixed && task.rounding != Rounding::truncate;
  }

  template <class S>
  IMGCONV_INLINE Words value(Words sum) const {
    return sum >> shift;
  }
  IMGCONV_INLINE Flags<int32_t> undecided(Words sum) const {
    const int32_t mask = (int32_t(1) << shift) - 1;
    return Simd::not_more<int32_t>(sum & mask, splat<int32_t>(most));
  }
};

// Exact sums, finished in float.
template <bool divides>
struct ScaledSums {
  Affine<float> affine;
  static constexpr int32_t start = 0;

  IMGCONV_NOINLINE explicit ScaledSums(const Task& task) : affine(task.method, task.quotient) {}

  // Whether that is proved, and no value is too large for int32.
  static bool serves(const Task& task) {
    const Weights& w = task.weights;
    double most = 0;
    for (int64_t i = 0; i < w.rows * w.columns; ++i) most += 255 * __builtin_fabs(w.nearest[i]);
    const Affine<double> a(task.method, task.quotient);
    most = (most * a.factor + __builtin_fabs(a.added)) / (divides ? a.divisor : 1);
    return task.plan.sum_kind == SumKind::integer && task.rounding == Rounding::half_even &&
           most < 0x1p30 && task.method == (divides ? Method::float_divide : Method::float_multiply);
  }

  template <class S>
  IMGCONV_INLINE Words value(Words sum) const {
    Vector<float> scaled = __builtin_convertvector(sum, Vector<float>) * affine.factor + affine.added;
    if constexpr (divides) scaled = scaled / affine.divisor;
    return S::in_whole(scaled);
  }
};

template <class S, class Sums, bool clips>
class WordPairs {
  static constexpr bool exact = !std::is_same_v<Sums, ShiftedSums>;

 public:
  explicit WordPairs(const Task& task)
      : task_(task), finish_{task, exact_values<uint8_t>, nullptr, nullptr, 0, {}},
        pairs_((task.weights.rows + 2) / 2),
        lines_(scratch_.take<const uint8_t*>(2 * pairs_ + 2)),
        ends_(scratch_, task, lines_, 2 * pairs_, vector_bytes), far_(is_far(task)),
        undecided_(scratch_, exact ? 0 : task.columns.out * task.channels + 64),
        list_(listed_word_pairs(scratch_, task)), finishing_(task) {
    for (int lane = 0; lane < lanes; ++lane) word_places_[lane] = S::place_of_word(lane);
    for (int lane = 0; lane < lanes_of<int16_t>; ++lane)
      places_[lane] = int16_t(S::place_of_short(lane));
  }

  Counts run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += 2) {
      uint8_t* to[2];
      int64_t rows = find_rows(task_, row, last, 2 * pairs_, lines_, to);
      ends_.fill(row);
      for (const Stretch* stretch : {&ends_.left, &ends_.interior, &ends_.right})
        blocks(rows, to, *stretch);
      if constexpr (!exact) undecided_.recompute(finish_, to, row, rows);
    }
    return finish_.counts;
  }

 private:
  static constexpr int lanes = int(lanes_of<int32_t>), most_kind = most_word_kind;
  static constexpr int64_t wide = S::pair_vectors / 2 * vector_bytes;
  static constexpr int64_t most_counted = 4096 * wide;  // in lanes of 16 bits

  void blocks(int64_t rows, uint8_t* const* to, const Stretch& stretch) {
    if (stretch.first >= stretch.last) return;
    list_.look_at(stretch);
    const int64_t end = task_.columns.out * task_.channels - vector_bytes;
    const int64_t before = task_.columns.before * task_.channels;
    const Sums finishing = finishing_;
    for (int64_t x = stretch.first; x < stretch.last;) {
      int64_t stop = stretch.last - x < most_counted ? stretch.last : x + most_counted;
      FlagCount<int16_t> clipped;
      for (; x + wide <= stop; x += wide) {
        if (far_) prefetch<wide>(lines_ + 2 * pairs_, x - before);
        block<wide / vector_bytes>(rows, to, x, 0, finishing, clipped);
      }
      for (; x < stop; x += vector_bytes) {
        int64_t at = x < end ? x : end;  // the last block overlaps
        block<1>(rows, to, at, x - at, finishing, clipped);
      }
      finish_.counts.clipped += clipped.sum();
    }
  }

  // Sum and finish a block; its values before `known` are done already.
  template <int vectors>
  IMGCONV_INLINE void block(int64_t rows, uint8_t* const* to, int64_t x, int64_t known,
                            const Sums& finishing, FlagCount<int16_t>& clipped) {
    Words sums[2][vectors][4];
    IMGCONV_UNROLL(2)
    for (int r = 0; r < 2; ++r)
      IMGCONV_UNROLL(2)
      for (int v = 0; v < vectors; ++v)
        IMGCONV_UNROLL(4)
        for (int q = 0; q < 4; ++q) sums[r][v][q] = splat<int32_t>(finishing.start);
    add_steps<most_kind, vectors>(list_.steps, list_.end(), x, sums);
    IMGCONV_UNROLL(2)  /* else the sums live in memory */
    for (int r = 0; r < 2; ++r) {
      if (r >= rows) break;
      IMGCONV_UNROLL(2)
      for (int v = 0; v < vectors; ++v)
        finish(r, to[r], x + v * vector_bytes, known, sums[r][v], finishing, clipped);
    }
  }

  IMGCONV_INLINE void finish(int r, uint8_t* to, int64_t x, int64_t known, const Words (&sums)[4],
                             const Sums& finishing, FlagCount<int16_t>& clipped) {
    Words whole[4];
    IMGCONV_UNROLL(4)
    for (int q = 0; q < 4; ++q) whole[q] = finishing.template value<S>(sums[q]);
    const Shorts low = S::packed(whole[0], whole[1]), high = S::packed(whole[2], whole[3]);
    store<uint8_t>(to + x, S::packed(low, high));
    if constexpr (clips) {
      Flags<int16_t> over[2] = {S::beyond_bytes(low), S::beyond_bytes(high)};
      if (__builtin_expect(known > 0, 0)) {
        Shorts place = places_ - splat<int16_t>(int16_t(known));
        over[0] &= Simd::not_less<int16_t>(place, splat<int16_t>(0));
        over[1] &= Simd::not_less<int16_t>(place, splat<int16_t>(-8));
      }
      clipped.add(over[0]);
      clipped.add(over[1]);
    }
    if constexpr (!exact) {
      Flags<int32_t> some = finishing.undecided(sums[0]) | finishing.undecided(sums[1]) |
                            finishing.undecided(sums[2]) | finishing.undecided(sums[3]);
      if (__builtin_expect(Simd::any<int32_t>(some), 0))
        note(r, x, known, sums[0], sums[1], sums[2], sums[3]);
    }
  }

  // Note what is undecided, which is not to be counted as clipped yet. By value, else the sums would
  // go to memory always.
  IMGCONV_NOINLINE void note(int r, int64_t x, int64_t known, Words first, Words second, Words third,
                             Words fourth) {
    const Words sums[] = {first, second, third, fourth};
    for (int q = 0; q < 4; ++q) {
      Flags<int32_t> undecided = finishing_.undecided(sums[q]);
      Flags<int32_t> fresh =
          Simd::not_less<int32_t>(word_places_ + 4 * q, splat<int32_t>(int32_t(known)));
      const Words whole = finishing_.template value<S>(sums[q]);
      for (uint32_t left = Simd::bits_of_flags<int32_t>(undecided & fresh); left; left &= left - 1) {
        const int lane = __builtin_ctz(left);
        undecided_.add(r, x + word_places_[lane] + 4 * q);
        if (clips) finish_.counts.clipped -= (whole[lane] & -256) != 0;
      }
    }
  }

  template <int kind, int vectors>
  IMGCONV_INLINE void add_steps(const PairStep* step, const PairStep* end, int64_t x,
                                Words (&sums)[2][vectors][4]) const {
    if constexpr ((kind & 3) != 0)
      for (; step != end && (kind == 1 || step->kind == kind); ++step)
        IMGCONV_UNROLL(2)
        for (int v = 0; v < vectors; ++v)
          add<kind>(*step, x + v * vector_bytes, sums[0][v], sums[1][v]);
    if constexpr (kind > 1) add_steps<kind - 1, vectors>(step, end, x, sums);
  }

  // Add the pixels of one column, or of two with the same weights, of both rows.
  template <int kind>
  IMGCONV_INLINE void add(const PairStep& step, int64_t x, Words (&even)[4], Words (&odd)[4]) const {
    const uint8_t *above = step.above + x, *below = step.below + x;
    const Bytes first[2] = {load<uint8_t>(above), load<uint8_t>(below)};
    typename S::WordPair pair;
    if constexpr ((kind & 4) != 0)
      pair = S::pair_of_sums(first[0], load<uint8_t>(above + step.to_other), first[1],
                             load<uint8_t>(below + step.to_other));
    else
      pair = S::pair_of_words(first[0], first[1]);
    if constexpr ((kind & 1) != 0) S::add_pair(even, pair, step.words[0]);
    if constexpr ((kind & 2) != 0) S::add_pair(odd, pair, step.words[1]);
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  int64_t pairs_;
  const uint8_t** lines_;
  RowEnds<uint8_t> ends_;
  bool far_;
  UndecidedPair undecided_;
  PairSteps list_;
  Sums finishing_;
  Words word_places_{};  // of the lanes of the first quarter; each quarter's are 4 further
  Shorts places_{};      // of the lanes of the lower half; the upper half's are 8 further
};

// Do a band of rows so, if that pays: few taps, for each widens its pixels anew.
template <class S>
bool word_pairs(const Task& task, int64_t first, int64_t last, Counts& counts) {
  const Weights& w = task.weights;
  bool near = task.rows.stride == 1 && task.columns.stride == 1 && task.rows.dilation == 1;
  bool plain = task.type_out == Type::u8 && !task.plan.separable && !task.quotient.absolute;
  if (!near || !plain || (w.rows + 2) / 2 * w.columns > 15) return false;
  bool room = task.columns.out * task.channels >= vector_bytes;
  if (!room || !RowEnds<uint8_t>::serves(task)) return false;
  if (ShiftedSums::serves(task))
    counts = task.clips ? WordPairs<S, ShiftedSums, true>(task).run(first, last)
                        : WordPairs<S, ShiftedSums, false>(task).run(first, last);
  else if (ScaledSums<false>::serves(task))
    counts = WordPairs<S, ScaledSums<false>, true>(task).run(first, last);
  else if (ScaledSums<true>::serves(task))
    counts = WordPairs<S, ScaledSums<true>, true>(task).run(first, last);
  else return false;
  return true;
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
