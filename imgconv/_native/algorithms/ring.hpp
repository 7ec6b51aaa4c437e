// Source rows in the form that a multiply-add wants, borders included: a ring of groups of rows.
#pragma once

#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// The columns of the span that a tile works on; positions count from the span's start.
struct Tile {
  int64_t first, last;
};

// Interleave `rows` lines of n pixels values: to[x * rows + i] = from[i][x].
template <class Stored, int rows, class Src>
void interleave(Stored* __restrict to, const Src* const* from, int64_t n) {
  if constexpr (rows == 1) {
    const Src* __restrict a = from[0];
    for (int64_t x = 0; x < n; ++x) to[x] = Stored(a[x]);
  } else if constexpr (rows == 2) {
    const Src *__restrict a = from[0], *__restrict b = from[1];
    for (int64_t x = 0; x < n; ++x) {
      to[2 * x] = Stored(a[x]);
      to[2 * x + 1] = Stored(b[x]);
    }
  } else {
    const Src *__restrict a = from[0], *__restrict b = from[1];
    const Src *__restrict c = from[2], *__restrict d = from[3];
    uint32_t* __restrict words = reinterpret_cast<uint32_t*>(to);
    for (int64_t x = 0; x < n; ++x)
      words[x] = uint32_t(a[x]) | uint32_t(b[x]) << 8 | uint32_t(c[x]) << 16 | uint32_t(d[x]) << 24;
  }
}

// Where the groups of a tile lie, whatever they are filled from.
template <class Mac>
class Groups {
 public:
  using Stored = typename Mac::Stored;

  // Bytes that `groups` groups need.
  static int64_t bytes(int64_t groups, int64_t values) { return groups * pitch(values); }

  // A row of a group, in bytes: room for a block that reads past the tile's end.
  static int64_t pitch(int64_t values) {
    int64_t used = values * Mac::rows * int64_t(sizeof(Stored));
    return (used + (block_vectors + 1) * vector_bytes + 63) / 64 * 64 + 64;
  }

  Groups(const Task& task, Tile tile, unsigned char* memory, int64_t groups)
      : task_(task), tile_(tile), memory_(memory), groups_(groups),
        pitch_(pitch((tile.last - tile.first) * task.channels)) {}

  unsigned char* group(int64_t index) const { return memory_ + index % groups_ * pitch_; }

 protected:
  const Task& task_;
  Tile tile_;
  unsigned char* memory_;
  int64_t groups_, pitch_;
};

template <class Mac, class Src>
class Ring : public Groups<Mac> {
  using Groups<Mac>::task_;
  using Groups<Mac>::tile_;

 public:
  using Stored = typename Mac::Stored;
  using Groups<Mac>::Groups;

  // Fill one group with the rows that start at index * Mac::rows of the span.
  void fill(int64_t index) {
    const Src* lines[Mac::rows];
    for (int i = 0; i < Mac::rows; ++i) {
      int64_t row = index * Mac::rows + i, last = task_.rows.span() - 1;
      int32_t at = task_.row_map[row < last ? row : last];
      const unsigned char* line =
          at < 0 ? task_.constant_row : task_.source + at * task_.source_stride;
      lines[i] = reinterpret_cast<const Src*>(line);
    }
    Stored* to = reinterpret_cast<Stored*>(this->group(index));
    int64_t inside = clamped(task_.columns.before);
    int64_t after = clamped(task_.columns.before + task_.columns.length);
    outside(to, lines, tile_.first, inside);
    interior(to, lines, inside, after);
    outside(to, lines, after, tile_.last);
  }

 private:
  int64_t clamped(int64_t position) const {
    return position < tile_.first ? tile_.first : position > tile_.last ? tile_.last : position;
  }

  Stored* place(Stored* to, int64_t position) const {
    return to + (position - tile_.first) * task_.channels * Mac::rows;
  }

  void interior(Stored* to, const Src* const* lines, int64_t first, int64_t last) const {
    if (first >= last) return;
    const Src* from[Mac::rows];
    for (int i = 0; i < Mac::rows; ++i)
      from[i] = lines[i] + (first - task_.columns.before) * task_.channels;
    interleave<Stored, Mac::rows>(place(to, first), from, (last - first) * task_.channels);
  }

  IMGCONV_NOINLINE void outside(Stored* to, const Src* const* lines, int64_t first,
                                int64_t last) const {
    for (int64_t position = first; position < last; ++position) {
      int32_t at = task_.column_map[position];
      Stored* pixel = place(to, position);
      for (int64_t c = 0; c < task_.channels; ++c)
        for (int i = 0; i < Mac::rows; ++i)
          pixel[c * Mac::rows + i] =
              Stored(at < 0 ? Src(task_.constant) : lines[i][at * task_.channels + c]);
    }
  }
};

// A ring's fill, for what is compiled once for all types of pixels.
using FillGroup = void (*)(const Task&, Tile, unsigned char* memory, int64_t groups, int64_t index);

template <class Mac, class Src>
void fill_group(const Task& task, Tile tile, unsigned char* memory, int64_t groups, int64_t index) {
  Ring<Mac, Src>(task, tile, memory, groups).fill(index);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
