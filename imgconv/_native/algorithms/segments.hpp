// A block of output rows as a list of pieces of the kernel's columns: for floats, whose pixels take
// as long to load as a multiply-add.
//
// Each segment is a few weights below each other. Its loop is unrolled: every source row is loaded
// once for all rows of the block that have a weight there, and the weights stay in registers. Zeros
// between a segment's ends are multiplied too: then all pixels must be finite.
#pragma once

#include "taps.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

inline constexpr int most_segment_rows = 5;

template <class Mac>
struct Segment {
  int32_t kind;    // twice the rows; the next one: another column with the same weights is added
  int32_t group;   // of the block
  int64_t offset;  // bytes
  int64_t other;   // of the other column
  typename Mac::Word weights[most_segment_rows];
};

template <class Mac>
struct Segments {
  const Segment<Mac>* segments;
  int64_t count;
  bool has_zeros;  // between the ends of one
};

// Whether rows of the block see rows next to each other.
static inline bool has_segments(const Task& task) {
  return task.rows.stride == 1 && (task.rows.dilation == 1 || task.weights.rows == 1);
}

// List the segments of rows x columns weights, by kind. Columns with the same weights are added up
// first where one stands for both, so that there is less to multiply.
template <class Mac>
Segments<Mac> listed_segments(Scratch& scratch, const double* weights, int64_t rows,
                              int64_t columns, int64_t column_step) {
  auto* found = scratch.take<Segment<Mac>>(rows * columns);
  auto* sorted = scratch.take<Segment<Mac>>(rows * columns);
  int64_t count = 0, kept = 0;
  bool has_zeros = false;
  for (int64_t c = 0; c < columns; ++c) {
    const int64_t other = columns - 1 - c;
    const bool both = c != other && same_columns(weights, rows, columns, c, other);
    if (both && c > other) continue;
    for (int64_t r = 0; r < rows; ++r) {
      if (weights[r * columns + c] == 0) continue;
      Segment<Mac>& segment = found[count++];
      segment = {};
      segment.group = int32_t(r);
      segment.offset = c * column_step * stored_bytes<Mac>;
      segment.other = other * column_step * stored_bytes<Mac>;
      const int64_t first = r;
      for (int64_t i = first; i < rows && i < first + most_segment_rows; ++i) {
        const double weight = weights[i * columns + c];
        segment.weights[i - first] = typename Mac::Word(weight);
        if (weight == 0) continue;
        has_zeros |= i > r + 1;
        r = i;
      }
      segment.kind = int32_t(2 * (r - first + 1) + both);
    }
  }
  for (int kind = 0; kind < 2 * most_segment_rows + 2; ++kind)
    for (int64_t i = 0; i < count; ++i)
      if (found[i].kind == kind) sorted[kept++] = found[i];
  return {sorted, count, has_zeros};
}

template <class Mac, int kind>
IMGCONV_INLINE const Segment<Mac>* run_segments(const Segment<Mac>* segment,
                                                const Segment<Mac>* end,
                                                const unsigned char* const* groups, int64_t at,
                                                Block<Mac>& sums) {
  constexpr int rows = kind / 2;
  constexpr int64_t pitch = stored_bytes<Mac> * lanes_of<typename Mac::Sum>;
  do {
    typename Mac::Factor weights[rows];
    IMGCONV_UNROLL(5)
    for (int i = 0; i < rows; ++i) weights[i] = Mac::factor(segment->weights[i]);
    const unsigned char* const* lines = groups + segment->group;
    const int64_t from = at + segment->offset, also = at + segment->other;
    IMGCONV_UNROLL(8)
    for (int g = 0; g < rows + block_rows - 1; ++g) {
      typename Mac::Pixels pixels[block_vectors];
      IMGCONV_UNROLL(4)
      for (int v = 0; v < block_vectors; ++v) {
        pixels[v] = Mac::load_pixels(lines[g] + from + v * pitch);
        if constexpr (kind % 2) pixels[v] += Mac::load_pixels(lines[g] + also + v * pitch);
      }
      IMGCONV_UNROLL(4)
      for (int r = 0; r < block_rows; ++r) {
        if (g < r || g - r >= rows) continue;
        IMGCONV_UNROLL(4)
        for (int v = 0; v < block_vectors; ++v)
          sums[r][v] = Mac::mac(sums[r][v], pixels[v], weights[g - r]);
      }
    }
    ++segment;
  } while (segment != end && segment->kind == kind);
  return segment;
}

// Sum one block, block_rows rows of block_vectors vectors, from byte `at` of the groups.
template <class Mac>
IMGCONV_INLINE void sum_segments(const Segments<Mac>& list, const unsigned char* const* groups,
                                 int64_t at, Block<Mac>& sums) {
  IMGCONV_UNROLL(4)
  for (int r = 0; r < block_rows; ++r)
    IMGCONV_UNROLL(4)
    for (int v = 0; v < block_vectors; ++v) sums[r][v] = Vector<typename Mac::Sum>{};
  const Segment<Mac>*segment = list.segments, *end = segment + list.count;
  while (segment != end) {
    switch (segment->kind) {
#define IMGCONV_KIND(kind) \
  case kind: segment = run_segments<Mac, kind>(segment, end, groups, at, sums); break;
      IMGCONV_KIND(2) IMGCONV_KIND(3) IMGCONV_KIND(4) IMGCONV_KIND(5) IMGCONV_KIND(6)
      IMGCONV_KIND(7) IMGCONV_KIND(8) IMGCONV_KIND(9) IMGCONV_KIND(10) IMGCONV_KIND(11)
#undef IMGCONV_KIND
      default: __builtin_unreachable();
    }
  }
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
