// Where the weights of a kernel change down its columns, and sums of the changes times pixels.
#pragma once

#include <algorithm>

#include "finish.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

// A place where the weight differs from the one above it.
struct Change {
  int64_t line;    // of the window, 0 being the one that it leaves
  int64_t offset;  // values
  int32_t weight;
  int16_t signs;   // of this one and the next, a byte each
};

// Changes of one magnitude: their pixels are added up before they are multiplied.
struct Group {
  int64_t end;  // in the list; the changes before it make an even number
  int16_t weight;
};

struct Changes {
  const Change* list;
  int64_t count;
  const Group* groups;
  int64_t group_count;  // even, too
};

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
    groups[group_count++] = {count, int16_t(weight)};
  }
  if (group_count % 2) groups[group_count++] = {count, 0};
  auto sign = [&](int64_t at) { return (list[at].weight > 0) - (list[at].weight < 0); };
  for (int64_t i = 0; i < count; i += 2)
    list[i].signs = int16_t((sign(i) & 255) | sign(i + 1) * 256);
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

#if defined(__SSSE3__)
// Bytes go in pairs: the pixels of two changes are interleaved, and the sums of two groups.
template <>
struct ChangeBlock<uint8_t> {
  static constexpr int vectors = 2;
  static constexpr int64_t width = vectors * vector_bytes;
  using Sums = Shorts[vectors][2];
  using Quads = Vector<int32_t>[vectors][4];

  static void add(const Changes& changes, const unsigned char* const* lines, int64_t x,
                  uint32_t* to) {
    Quads quads = {};
    const Change* change = changes.list;
    const Group *group = changes.groups, *end = group + changes.group_count;
    for (; group != end; group += 2) {
      Sums sums[2] = {};
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i)
        for (const Change* stop = changes.list + group[i].end; change != stop; change += 2)
          add_pair(change, lines, x, sums[i]);
      multiply(sums, int32_t(uint16_t(group[0].weight)) | int32_t(group[1].weight) * 65536, quads);
    }
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) add_ordered(quads[v], to + v * vector_bytes);
  }

 private:
  static inline __attribute__((always_inline)) void add_pair(
      const Change* change, const unsigned char* const* lines, int64_t x, Sums& sums) {
    const unsigned char* a = lines[change[0].line] + x + change[0].offset;
    const unsigned char* b = lines[change[1].line] + x + change[1].offset;
    Bytes signs = Bytes(splat<int16_t>(change->signs));
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      Bytes first = Bytes(load<int16_t>(a + v * vector_bytes));
      Bytes second = Bytes(load<int16_t>(b + v * vector_bytes));
#if defined(__AVX2__)
      asm("" : "+v"(second));  // else it is loaded for either half
#endif
      Bytes low = IMGCONV_BYTES(unpacklo_epi8)(first, second);
      Bytes high = IMGCONV_BYTES(unpackhi_epi8)(first, second);
      sums[v][0] += Shorts(IMGCONV_BYTES(maddubs_epi16)(low, signs));
      sums[v][1] += Shorts(IMGCONV_BYTES(maddubs_epi16)(high, signs));
    }
  }

  static inline __attribute__((always_inline)) void multiply(const Sums (&sums)[2],
                                                             int32_t weights, Quads& quads) {
    Vector<int32_t> words = splat<int32_t>(weights);
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v)
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half) {
        Bytes a = Bytes(sums[0][v][half]), b = Bytes(sums[1][v][half]);
        Bytes low = IMGCONV_BYTES(unpacklo_epi16)(a, b), high = IMGCONV_BYTES(unpackhi_epi16)(a, b);
        Vector<int32_t>* to = quads[v] + 2 * half;
        to[0] = MacDot16::mac(to[0], Vector<int32_t>(low), words);
        to[1] = MacDot16::mac(to[1], Vector<int32_t>(high), words);
      }
  }

  // Unpacking worked within 16 bytes: quads[i] has the values 4 i to 4 i + 3 of every 16.
  static inline __attribute__((always_inline)) void add_ordered(const Vector<int32_t> (&quads)[4],
                                                                uint32_t* to) {
#if defined(__AVX2__)
    using Wide = Vector<int64_t>;
    Wide q[4] = {Wide(quads[0]), Wide(quads[1]), Wide(quads[2]), Wide(quads[3])};
#endif
    Vector<uint32_t> ordered[4];
#if defined(__AVX512F__)
    const Wide low = {0, 1, 8, 9, 2, 3, 10, 11}, high = {4, 5, 12, 13, 6, 7, 14, 15};
    const Wide first = {0, 1, 2, 3, 8, 9, 10, 11}, second = {4, 5, 6, 7, 12, 13, 14, 15};
    Wide a = __builtin_shuffle(q[0], q[1], low), b = __builtin_shuffle(q[2], q[3], low);
    Wide c = __builtin_shuffle(q[0], q[1], high), d = __builtin_shuffle(q[2], q[3], high);
    ordered[0] = Vector<uint32_t>(__builtin_shuffle(a, b, first));
    ordered[1] = Vector<uint32_t>(__builtin_shuffle(a, b, second));
    ordered[2] = Vector<uint32_t>(__builtin_shuffle(c, d, first));
    ordered[3] = Vector<uint32_t>(__builtin_shuffle(c, d, second));
#elif defined(__AVX2__)
    const Wide low = {0, 1, 4, 5}, high = {2, 3, 6, 7};
    ordered[0] = Vector<uint32_t>(__builtin_shuffle(q[0], q[1], low));
    ordered[1] = Vector<uint32_t>(__builtin_shuffle(q[2], q[3], low));
    ordered[2] = Vector<uint32_t>(__builtin_shuffle(q[0], q[1], high));
    ordered[3] = Vector<uint32_t>(__builtin_shuffle(q[2], q[3], high));
#else
    for (int i = 0; i < 4; ++i) ordered[i] = Vector<uint32_t>(quads[i]);
#endif
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      uint32_t* at = to + i * lanes_of<uint32_t>;
      store<uint32_t>(at, load<uint32_t>(at) + ordered[i]);
    }
  }
};
#endif

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
