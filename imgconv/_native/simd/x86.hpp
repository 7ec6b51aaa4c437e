// What the instruction sets of x86-64 share but for the width of their registers. The file that
// includes this one defines `Register` and IMGCONV_MM, which puts the prefix to an intrinsic.
//
// Instructions that put vectors together work within groups of 16 bytes; so does what is said
// to be "in groups" here.
#pragma once

#include "generic.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class S>
struct X86 : Generic {
  static constexpr bool has_taps16 = true;
  static constexpr bool packs_bytes = true;

  static IMGCONV_INLINE Words dot_pairs(Words sum, Words x, Words w) {
    return sum + Words(IMGCONV_MM(madd_epi16)(Register(x), Register(w)));
  }

  // Pairs of bytes, not signed, times pairs of signed ones, added up.
  static IMGCONV_INLINE Shorts dot_bytes(Bytes x, Shorts w) {
    return Shorts(IMGCONV_MM(maddubs_epi16)(Register(x), Register(w)));
  }
  static IMGCONV_INLINE Bytes zip_low(Bytes a, Bytes b) {
    return Bytes(IMGCONV_MM(unpacklo_epi8)(Register(a), Register(b)));
  }
  static IMGCONV_INLINE Bytes zip_high(Bytes a, Bytes b) {
    return Bytes(IMGCONV_MM(unpackhi_epi8)(Register(a), Register(b)));
  }
  static IMGCONV_INLINE Words zip_low(Shorts a, Shorts b) {
    return Words(IMGCONV_MM(unpacklo_epi16)(Register(a), Register(b)));
  }
  static IMGCONV_INLINE Words zip_high(Shorts a, Shorts b) {
    return Words(IMGCONV_MM(unpackhi_epi16)(Register(a), Register(b)));
  }

  // Keep what was loaded in a register: compilers would load it for either half of a pair.
  static IMGCONV_INLINE void keep(Bytes&) {}

  // Multiply-add of bytes by signed bytes into int16, two rows in each lane of a sum.
  struct MacTaps16 {
    using Stored = uint8_t;
    using Sum = int16_t;
    using Word = int16_t;
    using Pixels = Shorts;
    using Factor = Shorts;
    static constexpr int rows = 2, offset = 0;
    static IMGCONV_INLINE Pixels load_pixels(const unsigned char* from) { return load<Sum>(from); }
    static IMGCONV_INLINE Factor factor(Word word) { return splat<int16_t>(word); }
    static IMGCONV_INLINE Shorts mac(Shorts sum, Shorts x, Shorts w) {
      return sum + dot_bytes(Bytes(x), w);
    }
  };

  // Bytes of two rows and what multiplies them: sums of a pair of weights in int16.

  static constexpr bool rows_are_apart = false;  // a row of a pair can be left out
  static constexpr int pair_vectors = 2;         // of a block

  struct BytePair {  // in groups, a byte of the one beside a byte of the other
    Bytes low, high;
  };
  template <int lines>
  static IMGCONV_INLINE BytePair pair(Bytes above, Bytes below) {
    return {zip_low(above, below), zip_high(above, below)};
  }
  template <int lines>  // weights: of both rows, twice
  static IMGCONV_INLINE void add_pair(Shorts (&sums)[2], const BytePair& pair, int32_t weights) {
    const Shorts words = Shorts(splat<int32_t>(weights));  // one of 16 bits takes two steps
    sums[0] += dot_bytes(pair.low, words);
    sums[1] += dot_bytes(pair.high, words);
  }

  // Which sums are not from 0 to 255.
  static IMGCONV_INLINE Flags<int16_t> beyond_bytes(Shorts sums) {
    return Shorts((sums & splat<int16_t>(int16_t(-256))) != 0);
  }

  // The value of a block whose sum is in a lane of sums[0]; that of sums[1] is 8 further.
  static constexpr int place_of_short(int lane) { return lane / 8 * 16 + lane % 8; }

  // Saturated to bytes, in the order of the values.
  static IMGCONV_INLINE Bytes packed(Shorts low, Shorts high) {
    return Bytes(IMGCONV_MM(packus_epi16)(Register(low), Register(high)));
  }

  // Saturated to int16.
  static IMGCONV_INLINE Shorts packed(Words low, Words high) {
    return Shorts(IMGCONV_MM(packs_epi32)(Register(low), Register(high)));
  }

  static IMGCONV_INLINE Shorts high_product(Shorts a, Shorts b) {
    return Shorts(IMGCONV_MM(mulhi_epi16)(Register(a), Register(b)));
  }

  // Bytes of two rows as int16 and what multiplies them: sums of a pair of weights in int32.

  struct WordPair {  // in groups, one of the one row beside one of the other
    Words quarter[4];
  };
  static IMGCONV_INLINE void add_pair(Words (&sums)[4], const WordPair& pair, int32_t weights) {
    const Words words = splat<int32_t>(weights);
    IMGCONV_UNROLL(4)
    for (int q = 0; q < 4; ++q) sums[q] = S::dot_pairs(sums[q], pair.quarter[q], words);
  }
  static IMGCONV_INLINE WordPair pair_of_words(Bytes above, Bytes below) {
    const Bytes zero = {};
    const Bytes low = zip_low(above, below), high = zip_high(above, below);
    return {{Words(zip_low(low, zero)), Words(zip_high(low, zero)), Words(zip_low(high, zero)),
             Words(zip_high(high, zero))}};
  }
  // The same of sums of two bytes.
  static IMGCONV_INLINE WordPair pair_of_sums(Bytes above, Bytes other_above, Bytes below,
                                              Bytes other_below) {
    const Shorts ones = Shorts(splat<int8_t>(1));
    const Shorts low[2] = {dot_bytes(zip_low(above, other_above), ones),
                           dot_bytes(zip_low(below, other_below), ones)};
    const Shorts high[2] = {dot_bytes(zip_high(above, other_above), ones),
                            dot_bytes(zip_high(below, other_below), ones)};
    return {{zip_low(low[0], low[1]), zip_high(low[0], low[1]), zip_low(high[0], high[1]),
             zip_high(high[0], high[1])}};
  }

  // The value of a block whose sum is in a lane of the first quarter; each next one is 4 further.
  static constexpr int place_of_word(int lane) { return lane / 4 * 16 + lane % 4; }

  // Saturated to bytes; in the order of the values, if that of the sums is by place_of_word.
  static IMGCONV_INLINE Bytes packed(const Words (&sums)[4]) {
    return packed(packed(sums[0], sums[1]), packed(sums[2], sums[3]));
  }

  // Add sums times a weight, and other ones times the upper half of `weights`.
  static IMGCONV_INLINE void add_products(Words (&sums)[4], const Shorts (&a)[2],
                                          const Shorts (&b)[2], int32_t weights) {
    const Words words = splat<int32_t>(weights);
    sums[0] = S::dot_pairs(sums[0], zip_low(a[0], b[0]), words);
    sums[1] = S::dot_pairs(sums[1], zip_high(a[0], b[0]), words);
    sums[2] = S::dot_pairs(sums[2], zip_low(a[1], b[1]), words);
    sums[3] = S::dot_pairs(sums[3], zip_high(a[1], b[1]), words);
  }

  // Multiply-add of the even int16, and of the odd ones, by a weight.
  struct HalfWeight {
    Words low, high;
  };
  static IMGCONV_INLINE HalfWeight half_weight(int32_t weight) {
    return {splat<int32_t>(weight & 0xffff), splat<int32_t>(int32_t(uint32_t(weight) << 16))};
  }
  static IMGCONV_INLINE void add_halves(Words& even, Words& odd, Shorts x, const HalfWeight& w) {
    even = S::dot_pairs(even, Words(x), w.low);
    odd = S::dot_pairs(odd, Words(x), w.high);
  }
  static IMGCONV_INLINE void sort_halves(Words&, Words&) {}  // they are sorted already
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
