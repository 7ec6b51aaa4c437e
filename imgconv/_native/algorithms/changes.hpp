// Where the weights of a kernel change down its columns, and sums of the changes times pixels.
#pragma once

#include <algorithm>
#include <type_traits>

#include "finish.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// A place where the weight differs from the one above it.
struct Change {
  int64_t line;    // of the window, 0 being the one that it leaves
  int64_t offset;  // values
  int32_t weight;
  int32_t signs;   // of this one and the next, a byte each, twice
};

// Changes of one magnitude: their pixels are added up before they are multiplied.
struct Group {
  int64_t end;  // in the list; the changes before it make an even number
  int16_t weight;
  int16_t start;  // the sum of its signs times the offset of the pixels
};

struct Changes {
  const Change* list;
  int64_t count;
  const Group* groups;
  int64_t group_count;  // even, too
};

// What a group's sums begin with: bytes may be multiplied less an offset.
template <class S>
IMGCONV_INLINE Shorts start_of(const Group& group) {
  if constexpr (S::pixel_offset == 0) return Shorts{};
  else return splat<int16_t>(group.start);
}

// So many pixels of a group at a time: as bytes their sum fits in int16.
inline constexpr int64_t most_in_group = 128;

static inline int32_t change_at(const Weights& w, int64_t line, int64_t column) {
  i128 before = line > 0 ? w.whole[(line - 1) * w.columns + column] : 0;
  i128 after = line < w.rows ? w.whole[line * w.columns + column] : 0;
  return int32_t(before - after);
}

static inline int32_t amount_of(const Change& change) {
  return change.weight < 0 ? -change.weight : change.weight;
}

// Find the places in the order of what they change by; give how many there are.
static inline int64_t found_changes(const Task& task, Change* places) {
  const Weights& w = task.weights;
  int64_t found = 0;
  for (int64_t line = 0; line <= w.rows; ++line)
    for (int64_t c = 0; c < w.columns; ++c)
      if (int32_t weight = change_at(w, line, c))
        places[found++] = {line, c * task.columns.dilation * task.channels, weight, 0};
  std::sort(places, places + found, [](const Change& a, const Change& b) {
    if (amount_of(a) != amount_of(b)) return amount_of(a) < amount_of(b);
    return a.line != b.line ? a.line < b.line : a.offset < b.offset;
  });
  return found;
}

static inline Changes listed_changes(Scratch& scratch, const Task& task) {
  auto* places = scratch.take<Change>((task.weights.rows + 1) * task.weights.columns);
  int64_t found = found_changes(task, places), count = 0, group_count = 0;
  auto* list = scratch.take<Change>(2 * found);
  auto* groups = scratch.take<Group>(found + 1);
  for (int64_t i = 0; i < found;) {
    int64_t stop = i + most_in_group < found ? i + most_in_group : found;
    int32_t weight = amount_of(places[i]);
    for (; i < stop && amount_of(places[i]) == weight; ++i) list[count++] = places[i];
    count += count % 2;  // by one without weight
    groups[group_count++] = {count, int16_t(weight), 0};
  }
  if (group_count % 2) groups[group_count++] = {count, 0, 0};
  auto sign = [&](int64_t at) { return (list[at].weight > 0) - (list[at].weight < 0); };
  for (int64_t i = 0; i < count; i += 2)
    list[i].signs = int32_t(uint32_t((sign(i) & 255) | (sign(i + 1) & 255) << 8) * 0x10001);
  for (int64_t i = 0, g = 0; g < group_count; ++g)
    for (; i < groups[g].end; ++i) groups[g].start += int16_t(sign(i) * Simd::pixel_offset);
  return {list, count, groups, group_count};
}

// Adds changes times pixels to a block of sums.
template <class Src>
struct ChangeBlock {
  static constexpr int64_t width = lanes_of<uint32_t>;

  static void add(const Changes& changes, const unsigned char* const* lines, int64_t x,
                  uint32_t* to) {
    Vector<uint32_t> sums = load<uint32_t>(to);
    for (int64_t i = 0; i < changes.count; ++i) {
      const Change& change = changes.list[i];
      const Src* line = reinterpret_cast<const Src*>(lines[change.line]);
      sums += load_as<uint32_t>(line + x + change.offset) * uint32_t(change.weight);
    }
    store<uint32_t>(to, sums);
  }
};

// The same on bytes, in pairs: the pixels of two changes are added up in int16, and the sums of two
// groups are multiplied together.
template <class S>
struct ByteChangeBlock {
  static constexpr int vectors = 2;
  static constexpr int64_t width = vectors * vector_bytes;
  using Sums = Shorts[2];

  static void add(const Changes& changes, const unsigned char* const* lines, int64_t x,
                  uint32_t* to) {
    Words quarters[vectors][4] = {};
    const Change* change = changes.list;
    const Group *group = changes.groups, *end = group + changes.group_count;
    for (; group != end; group += 2) {
      Sums sums[2][vectors];
      IMGCONV_UNROLL(2)
      for (int i = 0; i < 2; ++i) {
        IMGCONV_UNROLL(2)
        for (int v = 0; v < vectors; ++v)
          sums[i][v][0] = sums[i][v][1] = start_of<S>(group[i]);
        for (const Change* stop = changes.list + group[i].end; change != stop; change += 2)
          add_pair(change, lines, x, sums[i]);
      }
      int32_t weights = int32_t(uint16_t(group[0].weight)) | int32_t(group[1].weight) * 65536;
      IMGCONV_UNROLL(2)
      for (int v = 0; v < vectors; ++v)
        S::add_products(quarters[v], sums[0][v], sums[1][v], weights);
    }
    IMGCONV_UNROLL(2)
    for (int v = 0; v < vectors; ++v) add_ordered(quarters[v], to + v * vector_bytes);
  }

 private:
  static IMGCONV_INLINE void add_pair(const Change* change, const unsigned char* const* lines,
                                      int64_t x, Sums (&sums)[vectors]) {
    const unsigned char* a = lines[change[0].line] + x + change[0].offset;
    const unsigned char* b = lines[change[1].line] + x + change[1].offset;
    IMGCONV_UNROLL(2)
    for (int v = 0; v < vectors; ++v) {
      Bytes first = load<uint8_t>(a + v * vector_bytes);
      Bytes second = load<uint8_t>(b + v * vector_bytes);
      S::keep(second);
      S::template add_pair<3>(sums[v], S::template pair<3>(first, second), change->signs);
    }
  }

  static IMGCONV_INLINE void add_ordered(Words (&quarters)[4], uint32_t* to) {
    S::in_order(quarters);
    IMGCONV_UNROLL(4)
    for (int i = 0; i < 4; ++i) {
      uint32_t* at = to + i * lanes_of<uint32_t>;
      store<uint32_t>(at, load<uint32_t>(at) + Vector<uint32_t>(quarters[i]));
    }
  }
};

template <class Src>
using ChangeBlockOf =
    std::conditional_t<sizeof(Src) == 1 && Simd::has_taps16, ByteChangeBlock<Simd>,
                       ChangeBlock<Src>>;

}  // namespace IMGCONV_ISA
}  // namespace imgconv
