// Source rows of colours times their last channel, which is their weight: a ring of groups of rows.
#pragma once

#include <utility>

#include "ring.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// Products of bytes less 2**15, in pairs of rows: as int16 they are multiplied without a loss.
struct MacProducts : MacDot16 {
  static constexpr int offset = 1 << 15;
};

// What a row is made of: its colours times their weight, or themselves. The last channel stays.
enum class Rows { weighed, plain };

// `values` are those of whole pixels. T is what products are held in.
template <int channels, Rows rows, class T, class Src>
void products(const Src* __restrict from, int64_t values, T* __restrict to) {
  for (int64_t i = 0; i < values; ++i) to[i] = T(from[i]);
  if constexpr (rows == Rows::weighed) {
    constexpr int width = lanes_of<T> > channels ? int(lanes_of<T>) : channels;
    using V = typename VectorOf<T, width>::Type;
    decltype(V{} < V{}) colours;
    for (int j = 0; j < width; ++j) colours[j] = j % channels == channels - 1 ? 0 : -1;
    int64_t i = 0;
    for (; i + width <= values; i += width) {
      V pixels;
      __builtin_memcpy(&pixels, to + i, sizeof pixels);
      V weights = last_of_pixels<channels>(pixels, std::make_integer_sequence<int, width>());
      pixels *= colours ? weights : V{} + 1;
      __builtin_memcpy(to + i, &pixels, sizeof pixels);
    }
    for (; i < values; i += channels)
      for (int c = 0; c < channels - 1; ++c) to[i + c] = T(to[i + c] * to[i + channels - 1]);
  }
}

template <class Mac, class Src, int channels>
class WeighedRing {
 public:
  using Stored = typename Mac::Stored;

  WeighedRing(const Task& task, unsigned char* memory, int64_t groups)
      : task_(task), memory_(memory), groups_(groups) {}

  static int64_t bytes(int64_t groups, int64_t values) {
    return Groups<Mac>::bytes(groups, values);
  }

  void begin(Tile tile) {
    tile_ = tile;
    pitch_ = Groups<Mac>::pitch((tile.last - tile.first) * channels);
  }

  const unsigned char* group(int64_t index) const { return memory_ + index % groups_ * pitch_; }

  // Fill one group with the rows that start at index * Mac::rows of the span.
  template <Rows rows>
  void fill(int64_t index) {
    fill<rows>(index, tile_);
  }

  // Fill some columns of it.
  template <Rows rows>
  void fill(int64_t index, Tile columns) {
    const Src* lines[Mac::rows];
    for (int i = 0; i < Mac::rows; ++i) {
      int64_t row = index * Mac::rows + i, last = task_.rows.span() - 1;
      int32_t at = task_.row_map[row < last ? row : last];
      const unsigned char* bytes = at < 0 ? nullptr : task_.source + at * task_.source_stride;
      lines[i] = reinterpret_cast<const Src*>(bytes);
    }
    unsigned char* to = memory_ + index % groups_ * pitch_;
    const int64_t inside = task_.columns.before, after = inside + task_.columns.length;
    for (int64_t position = columns.first, count; position < columns.last; position += count) {
      count = 1;
      if (position >= inside && position < after) {
        int64_t left = (after < columns.last ? after : columns.last) - position;
        count = left < piece ? left : piece;
      }
      put<rows>(lines, task_.column_map[position], count,
                reinterpret_cast<Stored*>(to) + (position - tile_.first) * channels * Mac::rows);
    }
  }

 private:
  static constexpr int64_t piece = 256;  // pixels

  // Write pixels that begin in a column, or that stand outside.
  template <Rows rows>
  void put(const Src* const* lines, int32_t column, int64_t count, Stored* to) const {
    if constexpr (is_floating<Stored>) {
      one_row<rows>(column < 0 ? nullptr : lines[0], column, count, to);
    } else {
      uint16_t all[Mac::rows][piece * channels];
      for (int i = 0; i < Mac::rows; ++i)
        one_row<rows>(column < 0 ? nullptr : lines[i], column, count, all[i]);
      const uint16_t *__restrict a = all[0], *__restrict b = all[Mac::rows - 1];
      int16_t* __restrict words = to;
      for (int64_t x = 0; x < count * channels; ++x) {
        words[Mac::rows * x] = int16_t(a[x] - MacProducts::offset);
        if constexpr (Mac::rows == 2) words[2 * x + 1] = int16_t(b[x] - MacProducts::offset);
      }
    }
  }

  template <Rows rows, class T>
  void one_row(const Src* line, int64_t column, int64_t count, T* to) const {
    if (line) return products<channels, rows>(line + column * channels, count * channels, to);
    const double weight = task_.weighing->opaque;
    const double colour = rows == Rows::weighed ? task_.constant * weight : task_.constant;
    for (int64_t i = 0; i < count * channels; ++i)
      to[i] = T(i % channels == channels - 1 ? weight : colour);
  }

  const Task& task_;
  Tile tile_{};
  unsigned char* memory_;
  int64_t groups_, pitch_ = 0;
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
