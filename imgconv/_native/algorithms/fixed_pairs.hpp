// Small kernels of any weights on bytes, in fixed point: straight from the source and finished at
// once, as `row_pairs.hpp` does for small whole weights.
//
// The bytes of rows 2p and 2p + 1 are interleaved, widened to 16 bits and multiplied by pairs of
// 16-bit weights, for an even and an odd output row. Packing undoes the interleaving and clamps.
// What the bound leaves undecided is computed exactly.
#pragma once

#include "band.hpp"
#include "row_pairs.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// A bit for each output row, and one for a column that another one is added to.
inline constexpr int most_fixed_kind = 7;

static inline IMGCONV_NOINLINE PairSteps<int32_t> listed_fixed_pairs(Scratch& scratch, const Task& task) {
  const double* weights = weights_for<MacDot16>(scratch, task);
  return listed_pairs<most_fixed_kind, int32_t>(
      scratch, task, true, [&](int64_t tap) { return weights[tap]; },
      [](const int32_t* words, bool folded) {
        int rows = int(words[0] != 0) | int(words[1] != 0) << 1;
        return rows ? rows | int(folded) << 2 : 0;
      });
}

template <class S, bool clips>
class FixedPairs {
 public:
  explicit FixedPairs(const Task& task)
      : task_(task), finish_{task, exact_values<uint8_t>, nullptr, nullptr, 0, {}},
        pairs_((task.weights.rows + 2) / 2),
        lines_(scratch_.take<const uint8_t*>(2 * pairs_ + 2)),
        ends_(scratch_, task, lines_, 2 * pairs_, vector_bytes), far_(is_far(task)),
        undecided_(scratch_, task.columns.out * task.channels + 64) {
    list_ = listed_fixed_pairs(scratch_, task);
    const Quotient& q = task.quotient;
    int shift = task.plan.shift;
    double added = __builtin_ldexp(to_double(q.added) / to_double(q.denominator), shift);
    start_ = int32_t(__builtin_rint(added) + task.plan.bound) + (int32_t(1) << (shift - 1));
    for (int lane = 0; lane < lanes; ++lane)
      places_[lane] = S::place_of_word(lane);
  }

  Counts run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += 2) {
      uint8_t* to[2];
      int64_t rows = find_rows(task_, row, last, 2 * pairs_, lines_, to);
      ends_.fill(row);
      for (const Stretch* stretch : {&ends_.interior, &ends_.left, &ends_.right})
        blocks(rows, to, *stretch);
      undecided_.recompute(finish_, to, row, rows);
    }
    return finish_.counts;
  }

 private:
  static constexpr int lanes = int(lanes_of<int32_t>), most_kind = most_fixed_kind;

  void blocks(int64_t rows, uint8_t* const* to, const Stretch& stretch) {
    const int64_t end = task_.columns.out * task_.channels;
    const bool asks = far_ && &stretch == &ends_.interior;
    for (int64_t x = stretch.first; x < stretch.last; x += vector_bytes) {
      int64_t at = x + vector_bytes > end ? end - vector_bytes : x;  // the last block overlaps
      if (asks) prefetch<vector_bytes>(lines_ + 2 * pairs_, at - stretch.start);
      block(rows, to, at, stretch.lines, at - stretch.start, x - at);
    }
  }

  // Sum and finish a block; its values before `known` are done already.
  IMGCONV_INLINE void block(int64_t rows, uint8_t* const* to, int64_t x,
                            const uint8_t* const* lines, int64_t from, int64_t known) {
    Words sums[2][4];
    IMGCONV_UNROLL(2)
    for (int r = 0; r < 2; ++r)
      IMGCONV_UNROLL(4)
      for (int q = 0; q < 4; ++q) sums[r][q] = splat<int32_t>(start_);
    add_steps<most_kind>(list_.steps, list_.steps + list_.count, lines, from, sums);
    IMGCONV_UNROLL(2)  /* else the sums live in memory */
    for (int r = 0; r < 2; ++r) {
      if (r >= rows) break;
      const int32_t shift = task_.plan.shift, bound = int32_t(task_.plan.bound);
      const Words mask = splat<int32_t>((int32_t(1) << shift) - 1);
      const Words most = splat<int32_t>(2 * bound);
      Words whole[4];
      Flags<int32_t> undecided[4];
      IMGCONV_UNROLL(4)
      for (int q = 0; q < 4; ++q) {
        whole[q] = sums[r][q] >> shift;
        undecided[q] = Simd::not_more<int32_t>(sums[r][q] & mask, most);
      }
      store<uint8_t>(to[r] + x, S::packed(whole));
      Flags<int32_t> some = undecided[0] | undecided[1] | undecided[2] | undecided[3];
      if constexpr (clips)
        some |= Simd::differ<int32_t>((whole[0] | whole[1] | whole[2] | whole[3]) & -256, Words{});
      if (__builtin_expect(Simd::any<int32_t>(some), 0)) tell(r, x, known, whole, undecided);
    }
  }

  // Note what is undecided, and count what is clipped and not undecided.
  void tell(int r, int64_t x, int64_t known, const Words* whole, const Flags<int32_t>* undecided) {
    FlagCount<int32_t> clipped;
    for (int q = 0; q < 4; ++q) {
      Flags<int32_t> fresh = Simd::not_less<int32_t>(places_ + 4 * q, splat<int32_t>(int32_t(known)));
      if constexpr (clips) clipped.add(Simd::differ<int32_t>(whole[q] & -256, Words{}) & fresh & ~undecided[q]);
      for (uint32_t left = Simd::bits_of_flags<int32_t>(undecided[q] & fresh); left; left &= left - 1)
        undecided_.add(r, x + places_[__builtin_ctz(left)] + 4 * q);
    }
    finish_.counts.clipped += clipped.sum();
  }

  template <int kind>
  IMGCONV_INLINE void add_steps(const PairStep<int32_t>* step, const PairStep<int32_t>* end,
                                const uint8_t* const* lines, int64_t from,
                                Words (&sums)[2][4]) const {
    if constexpr ((kind & 3) != 0)
      for (; step != end && (kind == 1 || step->kind == kind); ++step)
        add<kind>(*step, lines, from, sums);
    if constexpr (kind > 1) add_steps<kind - 1>(step, end, lines, from, sums);
  }

  // Add the pixels of one column, or of two with the same weights, of both rows.
  template <int kind>
  IMGCONV_INLINE void add(const PairStep<int32_t>& step, const uint8_t* const* lines, int64_t from,
                          Words (&sums)[2][4]) const {
    const uint8_t *above = lines[2 * step.pair] + from, *below = lines[2 * step.pair + 1] + from;
    const Bytes first[2] = {load<uint8_t>(above + step.offset), load<uint8_t>(below + step.offset)};
    typename S::WordPair pair;
    if constexpr ((kind & 4) != 0)
      pair = S::pair_of_sums(first[0], load<uint8_t>(above + step.other), first[1],
                             load<uint8_t>(below + step.other));
    else
      pair = S::pair_of_words(first[0], first[1]);
    if constexpr ((kind & 1) != 0) S::add_pair(sums[0], pair, step.words[0]);
    if constexpr ((kind & 2) != 0) S::add_pair(sums[1], pair, step.words[1]);
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  int64_t pairs_;
  const uint8_t** lines_;
  RowEnds<uint8_t> ends_;
  bool far_;
  UndecidedPair undecided_;
  PairSteps<int32_t> list_;
  int32_t start_;  // bias, half and bound: undecided is where a shift drops 2 * bound at most
  Words places_{};  // of the lanes of the first quarter; each quarter's are 4 further
};

// Do a band of rows so, if that pays: few taps, for each widens its pixels anew.
template <class S>
bool fixed_pairs(const Task& task, int64_t first, int64_t last, Counts& counts) {
  const Weights& w = task.weights;
  bool near = task.rows.stride == 1 && task.columns.stride == 1 && task.rows.dilation == 1;
  bool plain = task.type_out == Type::u8 && !task.quotient.absolute &&
               task.rounding != Rounding::truncate && task.plan.sum_kind == SumKind::fixed;
  if (!near || !plain || (w.rows + 2) / 2 * w.columns > 15) return false;
  bool room = task.columns.out * task.channels >= vector_bytes;
  if (!room || !RowEnds<uint8_t>::serves(task)) return false;
  counts = task.clips ? FixedPairs<S, true>(task).run(first, last)
                     : FixedPairs<S, false>(task).run(first, last);
  return true;
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
