// Boxes on gray bytes: running sums in four planes, value 4 j + i of a row in plane i at j.
//
// In planes bytes widen by shifts and are put together by shifts, and four vectors of sums along a
// row share the steps that add up within a vector. Sums may wrap; their differences do not.
#pragma once

#include "finish.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

class BoxPlanes {
 public:
  // Whether a task can be done so.
  static bool serves(const Task& task) {
    bool multiplies = task.method == Method::float_multiply || task.method == Method::float_divide;
    bool plain = task.rounding == Rounding::half_even && !task.clips && !task.quotient.absolute;
    return multiplies && plain && task.type_out == Type::u8 && task.channels == 1 &&
           task.weights.whole[0] == 1 && task.columns.length >= width;
  }

  explicit BoxPlanes(const Task& task) : task_(task), affine_(task.method, task.quotient) {
    const Axis& columns = task.columns;
    int64_t ahead = columns.before > 0 ? columns.before : 0;
    start_ = (ahead / width + 1) * width;  // of the image: a multiple, more than stands before it
    int64_t after = columns.span() - columns.before;
    int64_t values = start_ + (after > columns.length ? after : columns.length) + 2 * width;
    pitch_ = (values / 4 + 15) / 16 * 16;
    planes_ = scratch_.take<uint32_t>(4 * pitch_);
    nothing_ = scratch_.take<unsigned char>(columns.length);
    int64_t last = columns.before + columns.length;
    int64_t inside = (last < columns.span() ? last : columns.span()) - ahead;
    edges_ = scratch_.take<Edge>(columns.span() - (inside > 0 ? inside : 0));
    for (int64_t p = 0; p < columns.span(); ++p) {
      int64_t x = p - columns.before, from = task.column_map[p];
      if (x >= 0 && x < columns.length) continue;
      edges_[edge_count_++] = {place(x), from < 0 ? -1 : place(from)};
    }
  }

  void run(int64_t first, int64_t last) {
    int64_t taps = task_.rows.taps;
    for (int64_t r = 0; r < taps; ++r) exchange(line(first + r), nothing_);
    for (int64_t row = first; row < last; ++row) {
      if (row > first) exchange(line(row + taps - 1), line(row - 1));
      pad();
      unsigned char* to = task_.target + row * task_.target_stride;
      const unsigned char* next = line(row + 1 < last ? row + taps : row);  // to be prefetched
      if (task_.method == Method::float_divide) slide<true>(to, next);
      else slide<false>(to, next);
    }
  }

 private:
  using Word = Vector<uint32_t>;
  static constexpr int64_t lanes = lanes_of<uint32_t>, width = 4 * lanes;

  struct Edge {
    int64_t to, from;  // in the planes; -1 is the constant
  };

  // Where the sum of a column of the image is.
  int64_t place(int64_t x) const { return (x + start_) % 4 * pitch_ + (x + start_) / 4; }

  const unsigned char* line(int64_t position) const {
    int32_t at = task_.row_map[position];
    return at < 0 ? task_.constant_row : task_.source + at * task_.source_stride;
  }

  // Add what enters the columns and take away what leaves them.
  void exchange(const unsigned char* in, const unsigned char* out) {
    int64_t x = 0, length = task_.columns.length;
    for (; x + width <= length; x += width)
      exchange(load<uint32_t>(in + x), load<uint32_t>(out + x), x);
    if (x == length) return;
    unsigned char rest[2][width] = {};
    __builtin_memcpy(rest[0], in + x, size_t(length - x));
    __builtin_memcpy(rest[1], out + x, size_t(length - x));
    exchange(load<uint32_t>(rest[0]), load<uint32_t>(rest[1]), x);
  }

  IMGCONV_INLINE void exchange(Word in, Word out, int64_t x) {
    uint32_t* to = planes_ + (x + start_) / 4;
    IMGCONV_UNROLL(4)
    for (int i = 0; i < 4; ++i) {
      Word change = (in >> 8 * i & 255) - (out >> 8 * i & 255);
      store<uint32_t>(to + i * pitch_, load<uint32_t>(to + i * pitch_) + change);
    }
  }

  // Give the columns outside the image their sums.
  void pad() {
    const uint32_t constant = uint32_t(task_.constant) * uint32_t(task_.rows.taps);
    for (const Edge *edge = edges_, *end = edges_ + edge_count_; edge != end; ++edge)
      planes_[edge->to] = edge->from < 0 ? constant : planes_[edge->from];
  }

  // The sum of the window one column before the first.
  uint32_t before_first() const {
    uint32_t sum = 0;
    int64_t from = start_ - task_.columns.before - 1, to = from + task_.columns.taps;
    for (int64_t i = 0; i < 4; ++i) {
      const uint32_t* plane = planes_ + i * pitch_;
      for (int64_t j = (from - i + 3) / 4; j < (to - i + 3) / 4; ++j) sum += plane[j];
    }
    return sum;
  }

  // A plane of values that stand `by` further than the outputs of the plane i.
  const uint32_t* moved(int64_t i, int64_t by) const {
    return planes_ + (i + by) % 4 * pitch_ + (i + by) / 4;
  }

  template <bool divides>
  void slide(unsigned char* to, const unsigned char* next) const {
    int64_t leaves = start_ - task_.columns.before - 1, enters = leaves + task_.columns.taps;
    const uint32_t *in[4], *out[4];
    for (int64_t i = 0; i < 4; ++i) {
      in[i] = moved(i, enters);
      out[i] = moved(i, leaves);
    }
    Word before = splat<uint32_t>(before_first());
    for (int64_t x = 0; x < task_.columns.out; x += width) {
      Word sums[4];
      IMGCONV_UNROLL(4)
      for (int i = 0; i < 4; ++i) {
        sums[i] = load<uint32_t>(in[i] + x / 4) - load<uint32_t>(out[i] + x / 4);
        if (i) sums[i] += sums[i - 1];
      }
      Word along = Simd::running_sums<1, uint32_t>(sums[3]), start = before + along - sums[3];
      before += Simd::last_lanes<1, uint32_t>(along);
      __builtin_prefetch(next + x);
      Word bytes = finished<divides>(sums, start);
      int64_t left = task_.columns.out - x;
      if (left >= width) __builtin_memcpy(to + x, &bytes, width);
      else __builtin_memcpy(to + x, &bytes, size_t(left));
    }
  }

  // What the sums of four planes become, each lane's a fixed number more.
  template <bool divides>
  IMGCONV_INLINE Word finished(const Word (&sums)[4], Word more) const {
    Word bytes = {};
    IMGCONV_UNROLL(4)
    for (int i = 0; i < 4; ++i) {
      Vector<int32_t> whole = Vector<int32_t>(sums[i] + more);
      Vector<float> value = __builtin_convertvector(whole, Vector<float>);
      value = value * affine_.factor + affine_.added;
      if constexpr (divides) value = value / affine_.divisor;
      whole = __builtin_convertvector(Simd::nearest<float>(value), Vector<int32_t>);
      bytes |= Word(whole) << 8 * i;
    }
    return bytes;
  }

  const Task& task_;
  Scratch scratch_;
  Affine<float> affine_;
  int64_t start_, pitch_, edge_count_ = 0;
  uint32_t* planes_;
  unsigned char* nothing_;
  Edge* edges_;
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
