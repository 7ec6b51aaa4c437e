// Small kernels of any weights on bytes, in fixed point: straight from the source and finished at
// once, as `row_pairs.hpp` does for small whole weights.
//
// The bytes of rows 2p and 2p + 1 are interleaved, widened to 16 bits and multiplied by pairs of
// 16-bit weights, for an even and an odd output row. Packing undoes the interleaving and clamps.
// What the bound leaves open is computed exactly.
#pragma once

#include "band.hpp"
#include "row_pairs.hpp"

#if defined(__AVX2__)

namespace imgconv {
namespace IMGCONV_LEVEL {

using Words = Vector<int32_t>;

template <bool clips>
class FixedPairs {
 public:
  explicit FixedPairs(const Task& task)
      : task_(task), finish_{task, exact_values<uint8_t>, nullptr, nullptr, 0, {}},
        pairs_((task.weights.rows + 2) / 2),
        lines_(scratch_.take<const uint8_t*>(2 * pairs_ + 2)),
        ends_(scratch_, task, lines_, 2 * pairs_, vector_bytes), far_(is_far(task)),
        open_(scratch_, task.columns.out * task.channels + 64) {
    const double* weights = weights_for<MacDot16>(scratch_, task);
    list_ = listed_pairs<int32_t>(scratch_, task, true, [&](int64_t tap) { return weights[tap]; });
    const Quotient& q = task.quotient;
    int shift = task.plan.shift;
    double added = __builtin_ldexp(double(q.added) / double(q.denominator), shift);
    start_ = int32_t(__builtin_rint(added) + task.plan.bound) + (int32_t(1) << (shift - 1));
    for (int lane = 0; lane < lanes; ++lane)
      places_[lane] = lane / 4 * 16 + lane % 4;  // unpacking works within 16 bytes
  }

  Tally run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += 2) {
      uint8_t* to[2];
      int64_t rows = find_rows(task_, row, last, 2 * pairs_, lines_, to);
      ends_.fill(row);
      for (const Stretch* stretch : {&ends_.middle, &ends_.left, &ends_.right})
        if (rows == 2) blocks<2>(to, *stretch);
        else blocks<1>(to, *stretch);
      open_.recompute(finish_, to, row, rows);
    }
    return finish_.tally;
  }

 private:
  static constexpr int lanes = int(lanes_of<int32_t>);

  template <int rows>
  void blocks(uint8_t* const* to, const Stretch& stretch) {
    const int64_t end = task_.columns.out * task_.channels;
    const bool asks = far_ && &stretch == &ends_.middle;
    for (int64_t x = stretch.first; x < stretch.last; x += vector_bytes) {
      int64_t at = x + vector_bytes > end ? end - vector_bytes : x;  // the last block overlaps
      if (asks) prefetch<vector_bytes>(lines_ + 2 * pairs_, at - stretch.start);
      block<rows>(to, at, stretch.lines, at - stretch.start, x - at);
    }
  }

  // Sum and finish a block; its values before `known` are done already.
  template <int rows>
  inline __attribute__((always_inline)) void block(uint8_t* const* to, int64_t x,
                                                   const uint8_t* const* lines, int64_t from,
                                                   int64_t known) {
    Words sums[2][4];
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r)
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) sums[r][q] = splat<int32_t>(start_);
    const PairStep<int32_t>*step = list_.steps, *end = step + list_.count;
    for (; step != end && step->kind == 7; ++step) add<7>(*step, lines, from, sums);
    for (; step != end && step->kind == 6; ++step) add<6>(*step, lines, from, sums);
    for (; step != end && step->kind == 5; ++step) add<5>(*step, lines, from, sums);
    for (; step != end && step->kind == 3; ++step) add<3>(*step, lines, from, sums);
    for (; step != end && step->kind == 2; ++step) add<2>(*step, lines, from, sums);
    for (; step != end; ++step) add<1>(*step, lines, from, sums);
#pragma GCC unroll 2  // else the sums live in memory
    for (int r = 0; r < rows; ++r) {
      const int32_t shift = task_.plan.shift, bound = int32_t(task_.plan.bound);
      const Words mask = splat<int32_t>((int32_t(1) << shift) - 1);
      const Words most = splat<int32_t>(2 * bound);
      Words whole[4];
      Flags<int32_t> open[4];
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) {
        whole[q] = sums[r][q] >> shift;
        open[q] = not_more<int32_t>(sums[r][q] & mask, most);
      }
      Bytes low = IMGCONV_BYTES(packs_epi32)(Bytes(whole[0]), Bytes(whole[1]));
      Bytes high = IMGCONV_BYTES(packs_epi32)(Bytes(whole[2]), Bytes(whole[3]));
      Bytes bytes = IMGCONV_BYTES(packus_epi16)(low, high);
      __builtin_memcpy(to[r] + x, &bytes, sizeof bytes);
      Flags<int32_t> some = open[0] | open[1] | open[2] | open[3];
      if constexpr (clips)
        some |= differ<int32_t>((whole[0] | whole[1] | whole[2] | whole[3]) & -256, Words{});
      if (__builtin_expect(any<int32_t>(some), 0)) tell(r, x, known, whole, open);
    }
  }

  // Note what is open, and count what is clipped and not open.
  void tell(int r, int64_t x, int64_t known, const Words* whole, const Flags<int32_t>* open) {
    Count<int32_t> clipped;
    for (int q = 0; q < 4; ++q) {
      Flags<int32_t> fresh = not_less<int32_t>(places_ + 4 * q, splat<int32_t>(int32_t(known)));
      if constexpr (clips) clipped.add(differ<int32_t>(whole[q] & -256, Words{}) & fresh & ~open[q]);
      for (uint32_t left = bits_of_flags<int32_t>(open[q] & fresh); left; left &= left - 1)
        open_.add(r, x + places_[__builtin_ctz(left)] + 4 * q);
    }
    finish_.tally.clipped += clipped.sum();
  }

  // Pixels of both rows, side by side in each lane: of one column, or of two added up.
  template <bool folded>
  static inline __attribute__((always_inline)) void spread(const uint8_t* const* rows,
                                                           const PairStep<int32_t>& step,
                                                           Words (&pixels)[4]) {
    Bytes a[2], b[2] = {};
    for (int i = 0; i < 2; ++i) {
      __builtin_memcpy(&a[i], rows[i] + step.offset, sizeof a[i]);
      if (folded) __builtin_memcpy(&b[i], rows[i] + step.other, sizeof b[i]);
    }
    if constexpr (folded) {
      const Bytes ones = Bytes(splat<int8_t>(1));
      Bytes low[2], high[2];
      for (int i = 0; i < 2; ++i) {
        low[i] = IMGCONV_BYTES(maddubs_epi16)(IMGCONV_BYTES(unpacklo_epi8)(a[i], b[i]), ones);
        high[i] = IMGCONV_BYTES(maddubs_epi16)(IMGCONV_BYTES(unpackhi_epi8)(a[i], b[i]), ones);
      }
      pixels[0] = Words(IMGCONV_BYTES(unpacklo_epi16)(low[0], low[1]));
      pixels[1] = Words(IMGCONV_BYTES(unpackhi_epi16)(low[0], low[1]));
      pixels[2] = Words(IMGCONV_BYTES(unpacklo_epi16)(high[0], high[1]));
      pixels[3] = Words(IMGCONV_BYTES(unpackhi_epi16)(high[0], high[1]));
    } else {
      const Bytes zero = {};
      Bytes low = IMGCONV_BYTES(unpacklo_epi8)(a[0], a[1]);
      Bytes high = IMGCONV_BYTES(unpackhi_epi8)(a[0], a[1]);
      pixels[0] = Words(IMGCONV_BYTES(unpacklo_epi8)(low, zero));
      pixels[1] = Words(IMGCONV_BYTES(unpackhi_epi8)(low, zero));
      pixels[2] = Words(IMGCONV_BYTES(unpacklo_epi8)(high, zero));
      pixels[3] = Words(IMGCONV_BYTES(unpackhi_epi8)(high, zero));
    }
  }

  template <int kind>
  inline __attribute__((always_inline)) void add(const PairStep<int32_t>& step,
                                                 const uint8_t* const* lines, int64_t from,
                                                 Words (&sums)[2][4]) const {
    const uint8_t* rows[2] = {lines[2 * step.pair] + from, lines[2 * step.pair + 1] + from};
    Words pixels[4];
    spread<(kind >> 2) != 0>(rows, step, pixels);
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r)
      if (kind >> r & 1) {
        Words words = splat<int32_t>(step.words[r]);
#pragma GCC unroll 4
        for (int q = 0; q < 4; ++q) sums[r][q] = MacDot16::mac(sums[r][q], pixels[q], words);
      }
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  int64_t pairs_;
  const uint8_t** lines_;
  RowEnds<uint8_t> ends_;
  bool far_;
  OpenPair open_;
  PairSteps<int32_t> list_;
  int32_t start_;  // bias, half and bound: open is where a shift drops 2 * bound at most
  Words places_{};  // of the lanes of the first quarter; each quarter's are 4 further
};

// Do a band of rows so, if that pays: few taps, for each widens its pixels anew.
static inline bool fixed_pairs(const Task& task, int64_t first, int64_t last, Tally& tally) {
  const Weights& w = task.weights;
  bool near = task.rows.stride == 1 && task.columns.stride == 1 && task.rows.dilation == 1;
  bool plain = task.type_out == Type::u8 && !task.quotient.absolute &&
               task.rounding != Rounding::truncate && task.plan.meaning == Meaning::fixed;
  if (!near || !plain || (w.rows + 2) / 2 * w.columns > 15) return false;
  bool room = task.columns.out * task.channels >= vector_bytes;
  if (!room || !RowEnds<uint8_t>::serves(task)) return false;
  tally = task.clips ? FixedPairs<true>(task).run(first, last)
                     : FixedPairs<false>(task).run(first, last);
  return true;
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv

#endif
