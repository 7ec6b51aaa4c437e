// Small separable kernels on bytes that are the same from both ends, such as Gaussians.
//
// Two output rows at a time, straight from the source: whole sums down the columns, which become
// floats in the nearest cache, and sums of those along the rows, rounded in registers. Values lie in
// four planes, value 4 j + i of a piece in plane i at j: so bytes widen by masks and shifts and are
// put together by them, and four values side by side share what they load, of which most begins
// where a cache line does.
#pragma once

#include "finish.hpp"
#include "row_ends.hpp"
#include "row_pairs.hpp"

#if defined(__AVX2__)

namespace imgconv {
namespace IMGCONV_LEVEL {

template <int rows, int columns, int channels>
class Symmetric {
  using Word = Vector<uint32_t>;
  static constexpr int64_t lanes = lanes_of<uint32_t>, piece = 1024;
  static constexpr int64_t pitch = piece / 4 + 3 * lanes;  // of a plane
  static constexpr int reach = (columns - 1) * channels, near = reach + 4;
  static constexpr int shift = 16;  // of values in fixed point
  static_assert(reach + 4 <= 8 * lanes, "planes have room for what stands after a piece");

 public:
  static constexpr int64_t width = 4 * lanes;  // values of a vector of each plane

  explicit Symmetric(const Task& task)
      : task_(task), finish_{task, exact_values<uint8_t>, nullptr, nullptr, 0, {}},
        lines_(scratch_.take<const uint8_t*>(rows + 3)),
        ends_(scratch_, task, lines_, rows + 1, width, 3), far_(is_far(task)),
        open_(scratch_, task.columns.out * channels + width) {
    const double unit = double(1 << shift);
    for (int r = 0; r <= rows / 2; ++r) {
      int32_t word = int32_t(task.weights.column[r]);
      down_.low[r] = splat<int32_t>(word & 0xffff);
      down_.high[r] = splat<int32_t>(int32_t(uint32_t(word) << 16));
    }
    for (int c = 0; c <= columns / 2; ++c)
      along_.weights[c] = splat<float>(float(task.weights.row[c] * unit));
    const Quotient& q = task.quotient;
    double start = (double(q.added) / double(q.denominator) + 0.5) * unit;
    double roundings = 0x1p-24 * 1.02 * (columns / 2 + 3) * (__builtin_fabs(start) + unit);
    int32_t bound = 0;  // as tests ask for
    if (task.plan.bound > 0)  // 2: to a whole number, up and down
      bound = int32_t(task.plan.bound * unit + roundings + 2);
    along_.start = splat<float>(float(start + bound));
    along_.most = splat<int32_t>(2 * bound);
    sums_ = scratch_.take<float>(2 * 4 * pitch);
  }

  Tally run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += 2) {
      uint8_t* to[2];
      int64_t count = find_rows(task_, row, last, rows + 1, lines_, to);
      ends_.fill(row);
      for (const Stretch* stretch : {&ends_.middle, &ends_.left, &ends_.right})
        pieces(*stretch, to, count);
      open_.recompute(finish_, to, row, count);
    }
    return finish_.tally;
  }

 private:
  // What is the same for all vectors, for registers.
  struct Down {
    Vector<int32_t> low[rows / 2 + 1], high[rows / 2 + 1];  // weights for either half of a lane
  };
  struct Along {
    Vector<float> weights[columns / 2 + 1], start;
    Vector<int32_t> most;  // of what is open
  };

  void pieces(const Stretch& stretch, uint8_t* const* to, int64_t count) {
    for (int64_t x = stretch.first, values; x < stretch.last; x += values) {
      int64_t known = 0, left = stretch.last - x;
      values = left < piece ? left / width * width : piece;
      if (!values) {  // the last vector overlaps
        known = width - left;
        x -= known;
        values = width;
      }
      down(stretch, x - stretch.start, (values + reach + 3) / 4 * 4);
      for (int64_t r = 0; r < count; ++r) along(r, values, to[r] + x, x, known);
    }
  }

  // Sum down the columns, for both rows.
  void down(const Stretch& stretch, int64_t from, int64_t values) {
    const bool asks = far_ && &stretch == &ends_.middle;
    const Down weights = down_;
    for (int64_t x = 0; x < values; x += width) {
      int64_t at = x + width > values ? values - width : x;
      if (asks) prefetch<width>(lines_ + rows + 1, from + at);
      Shorts bytes[rows + 1];
#pragma GCC unroll 14
      for (int i = 0; i <= rows; ++i) bytes[i] = load<int16_t>(stretch.lines[i] + from + at);
#pragma GCC unroll 2
      for (int parity = 0; parity < 2; ++parity) {
        Shorts pixels[rows + 1];  // every other value, those of each lane in two planes
#pragma GCC unroll 14
        for (int i = 0; i <= rows; ++i)
          pixels[i] = parity ? Shorts(Vector<uint16_t>(bytes[i]) >> 8) : bytes[i] & 255;
#pragma GCC unroll 2
        for (int r = 0; r < 2; ++r) {
          Vector<int32_t> low = {}, high = {};
#pragma GCC unroll 7
          for (int i = 0; i <= rows / 2; ++i) {
            Shorts pair = pixels[r + i];
            if (i < rows / 2) pair += pixels[r + rows - 1 - i];
            low = MacDot16::mac(low, Vector<int32_t>(pair), weights.low[i]);
            high = MacDot16::mac(high, Vector<int32_t>(pair), weights.high[i]);
          }
          float* to = sums_ + (4 * r + parity) * pitch + at / 4;
          store<float>(to, __builtin_convertvector(low, Vector<float>));
          store<float>(to + 2 * pitch, __builtin_convertvector(high, Vector<float>));
        }
      }
    }
  }

  // Sum along a row, and round; values before `known` are done already.
  void along(int64_t r, int64_t values, uint8_t* to, int64_t x, int64_t known) {
    const Along constants = along_;
    for (int64_t at = 0; at < values; at += width) {
      const float* from = sums_ + r * 4 * pitch + at / 4;
      Vector<float> sums[near];
#pragma GCC unroll 52
      for (int j = 0; j < near; ++j) sums[j] = load<float>(from + j % 4 * pitch + j / 4);
      Word fixed[4], least = splat<uint32_t>(0xffff);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        Vector<float> sum = constants.start;
#pragma GCC unroll 7
        for (int c = 0; c <= columns / 2; ++c) {
          Vector<float> pair = sums[i + c * channels];
          if (c < columns / 2) pair += sums[i + reach - c * channels];
          sum = MacF32::mac(sum, pair, constants.weights[c]);
        }
        fixed[i] = Word(in_whole(sum));
        Word rest = fixed[i] & 0xffff;
        least = rest < least ? rest : least;
      }
      // No value is outside a byte, for then the task clips.
      Word bytes = fixed[0] >> 16 | (fixed[1] >> 8 & 0xff00) | (fixed[2] & 0xff0000) |
                   (fixed[3] << 8 & 0xff000000);
      __builtin_memcpy(to + at, &bytes, sizeof bytes);
      if (__builtin_expect(any<int32_t>(not_more<int32_t>(Vector<int32_t>(least), constants.most)),
                           0))
        note(r, x + at, known, fixed[0], fixed[1], fixed[2], fixed[3]);
    }
  }

  static inline __attribute__((always_inline)) Vector<int32_t> in_whole(Vector<float> x) {
#if defined(__AVX512F__)
    return Vector<int32_t>(_mm512_cvtps_epi32(__m512(x)));
#else
    return Vector<int32_t>(_mm256_cvtps_epi32(__m256(x)));
#endif
  }

  // Note what is open. By value, else the values would go to memory always.
  __attribute__((noinline)) void note(int64_t r, int64_t x, int64_t known, Word first, Word second,
                                      Word third, Word fourth) {
    const Word fixed[] = {first, second, third, fourth};
    for (int i = 0; i < 4; ++i) {
      Vector<int32_t> rest = Vector<int32_t>(fixed[i] & 0xffff);
      uint32_t open = bits_of_flags<int32_t>(not_more<int32_t>(rest, along_.most));
      for (; open; open &= open - 1) {
        int64_t at = 4 * __builtin_ctz(open) + i;
        if (at >= known) open_.add(int(r), x + at);
      }
    }
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  const uint8_t** lines_;
  RowEnds<uint8_t> ends_;
  bool far_;
  OpenPair open_;
  Down down_;
  Along along_;
  float* sums_;
};

template <int size>
bool with_size(const Task& task, int64_t first, int64_t last, Tally& tally) {
  if (task.weights.rows != size) return false;
  switch (task.channels) {
    case 1: tally = Symmetric<size, size, 1>(task).run(first, last); return true;
    case 3: tally = Symmetric<size, size, 3>(task).run(first, last); return true;
    case 4: tally = Symmetric<size, size, 4>(task).run(first, last); return true;
    default: return false;
  }
}

// Do a band of rows so, if the task can be done so.
static inline bool symmetric(const Task& task, int64_t first, int64_t last, Tally& tally) {
  const Weights& w = task.weights;
  const Plan& plan = task.plan;
  auto near = [](const Axis& axis) { return axis.stride == 1 && axis.dilation == 1; };
  bool plain = task.type_out == Type::u8 && !task.clips && !task.quotient.absolute &&
               task.rounding != Rounding::truncate && plan.meaning == Meaning::real;
  if (!plain || !plan.separable || plan.horizontal != Arithmetic::f32) return false;
  if (!near(task.rows) || !near(task.columns) || w.rows != w.columns) return false;
  if (!is_symmetric(w.column, w.rows) || !is_symmetric(w.row, w.columns)) return false;
  if (task.columns.out * task.channels < 4 * lanes_of<float>) return false;
  if (!RowEnds<uint8_t>::serves(task)) return false;
  return with_size<3>(task, first, last, tally) || with_size<5>(task, first, last, tally) ||
         with_size<7>(task, first, last, tally) || with_size<9>(task, first, last, tally) ||
         with_size<11>(task, first, last, tally) || with_size<13>(task, first, last, tally);
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv

#endif
