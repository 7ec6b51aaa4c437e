// A block of output rows as a list of multiply-adds, and the loop that does them.
//
// Each step loads the pixels of one group of source rows, shifted to one column of the kernel, and
// adds them to those of the block's rows that have a weight there. Steps with the same set of rows
// stand together, so that the set is a constant of the inner loop. Weights of zero make no step.
#pragma once

#include "ring.hpp"
#include "scratch.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

template <class Mac>
struct Step {
  int32_t group;   // of the block
  int32_t rows;    // bit r: the block's row r takes part
  int64_t offset;  // bytes
  typename Mac::Word words[block_rows];
};

// What a pass over one kernel does.
template <class Mac>
struct Steps {
  const Step<Mac>* steps;
  int64_t count;
  int64_t groups;  // that one block reads
};

// Put the weight of one tap into a word.
template <class Mac, class Weight>
void put_weight(typename Mac::Word& word, int lane, Weight weight) {
  using Stored = typename Mac::Stored;
  if constexpr (Mac::rows == 1) {
    word = typename Mac::Word(weight);
  } else {
    constexpr int bits = 8 * int(sizeof(Stored));
    uint64_t field = uint64_t(int64_t(weight)) & ((uint64_t(1) << bits) - 1);
    word = typename Mac::Word(uint64_t(word) | field << bits * lane);
  }
}

// List the steps for a kernel of rows x columns weights that are the tap distances apart.
template <class Mac, class Weight>
Steps<Mac> listed(Scratch& scratch, const Weight* weights, int64_t rows, int64_t columns,
                  int64_t row_stride, int64_t row_step, int64_t column_step) {
  int64_t reach = (block_rows - 1) * row_stride + (rows - 1) * row_step + 1;
  int64_t groups = (reach + Mac::rows - 1) / Mac::rows;
  int64_t cells = groups * columns;
  auto* grid = scratch.take<Step<Mac>>(cells);
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t c = 0; c < columns; ++c) {
      Step<Mac>& step = grid[g * columns + c];
      step = {};
      step.group = int32_t(g);
      step.offset = c * column_step * Mac::rows * int64_t(sizeof(typename Mac::Stored));
    }
  for (int64_t block_row = 0; block_row < block_rows; ++block_row)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        Weight weight = weights[r * columns + c];
        if (weight == 0) continue;
        int64_t row = block_row * row_stride + r * row_step;
        Step<Mac>& step = grid[row / Mac::rows * columns + c];
        step.rows |= 1 << block_row;
        put_weight<Mac>(step.words[block_row], int(row % Mac::rows), weight);
      }
  auto* sorted = scratch.take<Step<Mac>>(cells);
  constexpr int sets = 1 << block_rows;
  int64_t after[sets + 1] = {};  // where the steps of a set end, after those of the sets before
  for (int64_t i = 0; i < cells; ++i) ++after[grid[i].rows + 1];
  after[1] = 0;  // steps of no row are left out
  for (int set = 1; set < sets; ++set) after[set + 1] += after[set];
  int64_t count = after[sets];
  for (int64_t i = 0; i < cells; ++i)
    if (grid[i].rows) sorted[after[grid[i].rows]++] = grid[i];
  return {sorted, count, groups};
}

template <class Mac>
using Block = Vector<typename Mac::Sum>[block_rows][block_vectors];

template <class Mac, int rows>
inline __attribute__((always_inline)) const Step<Mac>* run_set(
    const Step<Mac>* step, const Step<Mac>* end, const unsigned char* const* groups, int64_t at,
    Block<Mac>& sums) {
  using Sum = typename Mac::Sum;
  do {
    const unsigned char* from = groups[step->group] + step->offset + at;
    Vector<Sum> pixels[block_vectors];
#pragma GCC unroll 4
    for (int v = 0; v < block_vectors; ++v) pixels[v] = load<Sum>(from + v * vector_bytes);
#pragma GCC unroll 4
    for (int r = 0; r < block_rows; ++r)
      if (rows >> r & 1) {
        Vector<Sum> words = splat<Sum>(step->words[r]);
#pragma GCC unroll 4
        for (int v = 0; v < block_vectors; ++v)
          sums[r][v] = Mac::mac(sums[r][v], pixels[v], words);
      }
    ++step;
  } while (step != end && step->rows == rows);
  return step;
}

// Sum one block: block_rows rows of block_vectors vectors, from byte `at` of the groups. What is
// stored may be sums in float, of whole numbers that it holds.
template <class Mac, class To>
void run_block(const Steps<Mac>& steps, const unsigned char* const* groups, int64_t at, To* to,
               int64_t pitch) {
  using Sum = typename Mac::Sum;
  Block<Mac> sums;
#pragma GCC unroll 4
  for (int r = 0; r < block_rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < block_vectors; ++v) sums[r][v] = Vector<Sum>{};
  const Step<Mac>*step = steps.steps, *end = step + steps.count;
  while (step != end) {
    switch (step->rows) {
#define IMGCONV_SET(set) \
  case set: step = run_set<Mac, set>(step, end, groups, at, sums); break;
      IMGCONV_SET(1) IMGCONV_SET(2) IMGCONV_SET(3) IMGCONV_SET(4) IMGCONV_SET(5)
      IMGCONV_SET(6) IMGCONV_SET(7) IMGCONV_SET(8) IMGCONV_SET(9) IMGCONV_SET(10)
      IMGCONV_SET(11) IMGCONV_SET(12) IMGCONV_SET(13) IMGCONV_SET(14) IMGCONV_SET(15)
#undef IMGCONV_SET
      default: __builtin_unreachable();
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < block_rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < block_vectors; ++v)
      store<To>(to + r * pitch + v * (vector_bytes / int64_t(sizeof(Sum))),
                __builtin_convertvector(sums[r][v], Vector<To>));
}

// Sum `values` columns of a block of rows; `to` has room for a whole number of vector blocks.
template <class Mac, class To>
void run_rows(const Steps<Mac>& steps, const unsigned char* const* groups, int64_t first,
              int64_t values, To* to, int64_t pitch) {
  using Sum = typename Mac::Sum;
  constexpr int64_t width = block_vectors * vector_bytes / int64_t(sizeof(Sum));
  for (int64_t x = 0; x < values; x += width)
    run_block<Mac, To>(steps, groups, (first + x) * int64_t(sizeof(Sum)), to + x, pitch);
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
