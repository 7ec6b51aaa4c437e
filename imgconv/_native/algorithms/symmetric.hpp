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

namespace imgconv {
namespace IMGCONV_ISA {

// What does not depend on the channels: the sums down the columns, and what is kept.
template <class S, int size>
class SymmetricColumns {
 protected:
  using Word = Vector<uint32_t>;
  static constexpr int64_t lanes = lanes_of<uint32_t>, piece = 1024;
  static constexpr int64_t width = 4 * lanes;  // values of a vector of each plane
  // Of a plane: a piece, what its last values see of 4 channels, and a vector that is written past
  // that.
  static constexpr int64_t past = (size + lanes - 1) / lanes * lanes + lanes;
  static constexpr int64_t pitch = piece / 4 + (past > 3 * lanes ? past : 3 * lanes);
  static constexpr int shift = 16;  // of values in fixed point

  IMGCONV_NOINLINE explicit SymmetricColumns(const Task& task)
      : task_(task), finish_{task, exact_values<uint8_t>, nullptr, nullptr, 0, {}},
        lines_(scratch_.take<const uint8_t*>(size + 3)),
        ends_(scratch_, task, lines_, size + 1, width, 3), far_(is_far(task)),
        undecided_(scratch_, task.columns.out * task.channels + width) {
    const double unit = double(1 << shift);
    for (int r = 0; r <= size / 2; ++r)
      down_.weights[r] = S::half_weight(int32_t(task.weights.column[r]));
    for (int c = 0; c <= size / 2; ++c)
      along_.weights[c] = splat<float>(float(task.weights.row[c] * unit));
    const Quotient& q = task.quotient;
    double start = (to_double(q.added) / to_double(q.denominator) + 0.5) * unit;
    double roundings = 0x1p-24 * 1.02 * (size / 2 + 3) * (__builtin_fabs(start) + unit);
    int32_t bound = 0;  // as tests ask for
    if (task.plan.bound > 0)  // 2: to a whole number, up and down
      bound = int32_t(task.plan.bound * unit + roundings + 2);
    along_.start = splat<float>(float(start + bound));
    along_.most = splat<int32_t>(2 * bound);
    sums_ = scratch_.take<float>(2 * 4 * pitch);
  }

  // What is the same for all vectors, for registers.
  struct ColumnConstants {
    typename S::HalfWeight weights[size / 2 + 1];
  };
  struct RowConstants {
    Vector<float> weights[size / 2 + 1], start;
    Vector<int32_t> most;  // of what is undecided
  };

  // Sum down the columns, for both rows.
  IMGCONV_NOINLINE void down(const Stretch& stretch, int64_t from, int64_t values) {
    const int64_t before = task_.columns.before * task_.channels;
    const ColumnConstants weights = down_;
    for (int64_t x = 0; x < values; x += width) {
      int64_t at = x + width > values ? values - width : x;
      if (far_) prefetch<width>(lines_ + size + 1, from + at + stretch.start - before);
      Shorts bytes[size + 1];
      IMGCONV_UNROLL(14)
      for (int i = 0; i <= size; ++i) bytes[i] = load<int16_t>(stretch.lines[i] + from + at);
      IMGCONV_UNROLL(2)
      for (int parity = 0; parity < 2; ++parity) {
        Shorts pixels[size + 1];  // every other value, those of each lane in two planes
        IMGCONV_UNROLL(14)
        for (int i = 0; i <= size; ++i)
          pixels[i] = parity ? Shorts(Vector<uint16_t>(bytes[i]) >> 8) : bytes[i] & 255;
        IMGCONV_UNROLL(2)
        for (int r = 0; r < 2; ++r) {
          Words even = {}, odd = {};
          IMGCONV_UNROLL(7)
          for (int i = 0; i <= size / 2; ++i) {
            Shorts pair = pixels[r + i];
            if (i < size / 2) pair += pixels[r + size - 1 - i];
            S::add_halves(even, odd, pair, weights.weights[i]);
          }
          S::sort_halves(even, odd);
          float* to = sums_ + (4 * r + parity) * pitch + at / 4;
          store<float>(to, __builtin_convertvector(even, Vector<float>));
          store<float>(to + 2 * pitch, __builtin_convertvector(odd, Vector<float>));
        }
      }
    }
  }

  // Note what is undecided. By value, else the values would go to memory always.
  IMGCONV_NOINLINE void note(int64_t r, int64_t x, int64_t known, Word first, Word second,
                             Word third, Word fourth) {
    const Word fixed[] = {first, second, third, fourth};
    for (int i = 0; i < 4; ++i) {
      Vector<int32_t> rest = Vector<int32_t>(fixed[i] & 0xffff);
      uint32_t undecided = Simd::bits_of_flags<int32_t>(Simd::not_more<int32_t>(rest, along_.most));
      for (; undecided; undecided &= undecided - 1) {
        int64_t at = 4 * __builtin_ctz(undecided) + i;
        if (at >= known) undecided_.add(int(r), x + at);
      }
    }
  }

  const Task& task_;
  Scratch scratch_;
  Finish finish_;
  const uint8_t** lines_;
  RowEnds<uint8_t> ends_;
  bool far_;
  UndecidedPair undecided_;
  ColumnConstants down_;
  RowConstants along_;
  float* sums_;
};

template <class S, int size, int channels>
class Symmetric : SymmetricColumns<S, size> {
  using Columns = SymmetricColumns<S, size>;
  using Columns::ends_, Columns::finish_, Columns::lines_, Columns::task_, Columns::undecided_;
  using typename Columns::Word;
  static constexpr int64_t piece = Columns::piece, pitch = Columns::pitch, width = Columns::width;
  static constexpr int reach = (size - 1) * channels, near = reach + 4;

 public:
  explicit Symmetric(const Task& task) : Columns(task) {}

  Counts run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += 2) {
      uint8_t* to[2];
      int64_t count = find_rows(task_, row, last, size + 1, lines_, to);
      ends_.fill(row);
      for (const Stretch* stretch : {&ends_.interior, &ends_.left, &ends_.right})
        pieces(*stretch, to, count);
      undecided_.recompute(finish_, to, row, count);
    }
    return finish_.counts;
  }

 private:
  void pieces(const Stretch& stretch, uint8_t* const* to, int64_t count) {
    for (int64_t x = stretch.first, values; x < stretch.last; x += values) {
      int64_t known = 0, left = stretch.last - x;
      values = left < piece ? left / width * width : piece;
      if (!values) {  // the last vector overlaps
        known = width - left;
        x -= known;
        values = width;
      }
      this->down(stretch, x - stretch.start, (values + reach + 3) / 4 * 4);
      for (int64_t r = 0; r < count; ++r) along(r, values, to[r] + x, x, known);
    }
  }

  // Sum along a row, and round; values before `known` are done already.
  void along(int64_t r, int64_t values, uint8_t* to, int64_t x, int64_t known) {
    const auto constants = this->along_;
    for (int64_t at = 0; at < values; at += width) {
      const float* from = this->sums_ + r * 4 * pitch + at / 4;
      Vector<float> sums[near];
      IMGCONV_UNROLL(52)
      for (int j = 0; j < near; ++j) sums[j] = load<float>(from + j % 4 * pitch + j / 4);
      Word fixed[4], least = splat<uint32_t>(0xffff);
      IMGCONV_UNROLL(4)
      for (int i = 0; i < 4; ++i) {
        Vector<float> sum = constants.start;
        IMGCONV_UNROLL(7)
        for (int c = 0; c <= size / 2; ++c) {
          Vector<float> pair = sums[i + c * channels];
          if (c < size / 2) pair += sums[i + reach - c * channels];
          sum = MacF32::mac(sum, pair, constants.weights[c]);
        }
        fixed[i] = Word(S::in_whole(sum));
        Word rest = fixed[i] & 0xffff;
        least = rest < least ? rest : least;
      }
      // No value is outside a byte, for then the task clips.
      Word bytes = fixed[0] >> 16 | (fixed[1] >> 8 & 0xff00) | (fixed[2] & 0xff0000) |
                   (fixed[3] << 8 & 0xff000000);
      __builtin_memcpy(to + at, &bytes, sizeof bytes);
      if (__builtin_expect(Simd::any<int32_t>(Simd::not_more<int32_t>(Vector<int32_t>(least), constants.most)),
                           0))
        this->note(r, x + at, known, fixed[0], fixed[1], fixed[2], fixed[3]);
    }
  }
};

template <class S, int size>
bool with_size(const Task& task, int64_t first, int64_t last, Counts& counts) {
  if (task.weights.rows != size) return false;
  switch (task.channels) {
    case 1: counts = Symmetric<S, size, 1>(task).run(first, last); return true;
    case 3: counts = Symmetric<S, size, 3>(task).run(first, last); return true;
    case 4: counts = Symmetric<S, size, 4>(task).run(first, last); return true;
    default: return false;
  }
}

// Do a band of rows so, if the task can be done so.
template <class S>
bool symmetric(const Task& task, int64_t first, int64_t last, Counts& counts) {
  const Weights& w = task.weights;
  const Plan& plan = task.plan;
  auto near = [](const Axis& axis) { return axis.stride == 1 && axis.dilation == 1; };
  bool plain = task.type_out == Type::u8 && !task.clips && !task.quotient.absolute &&
               task.rounding != Rounding::truncate && plan.sum_kind == SumKind::real;
  if (!plain || !plan.separable || plan.horizontal != Algorithm::f32) return false;
  if (!near(task.rows) || !near(task.columns) || w.rows != w.columns) return false;
  if (!is_symmetric(w.column, w.rows) || !is_symmetric(w.row, w.columns)) return false;
  if (task.columns.out * task.channels < 4 * lanes_of<float>) return false;
  if (!RowEnds<uint8_t>::serves(task)) return false;
  return with_size<S, 3>(task, first, last, counts) || with_size<S, 5>(task, first, last, counts) ||
         with_size<S, 7>(task, first, last, counts) || with_size<S, 9>(task, first, last, counts) ||
         with_size<S, 11>(task, first, last, counts) || with_size<S, 13>(task, first, last, counts);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
