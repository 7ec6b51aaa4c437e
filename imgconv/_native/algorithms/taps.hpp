// A block of output rows as a list of multiply-adds, and the loop that does them.
//
// Each step loads the pixels of one group of source rows, shifted to one column of the kernel, and
// adds them to those of the block's rows that have a weight there. Steps with the same set of rows
// stand together, so that the set is a constant of the inner loop. Weights of zero make no step.
#pragma once

#include "lanes.hpp"
#include "ring.hpp"
#include "scratch.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// Of the rows that are summed: bytes for each lane.
template <class Mac>
inline constexpr int64_t stored_bytes = Mac::rows * int64_t(sizeof(typename Mac::Stored));

template <class Mac>
struct Step {
  int32_t group;   // of the block
  int32_t set;     // bit r: the block's row r takes part
  int64_t offset;  // bytes
  typename Mac::Word words[block_rows];
};

// What a pass over one kernel does.
template <class Mac>
struct Steps {
  const Step<Mac>* steps;
  int64_t count;
  int64_t groups;           // that one block reads
  typename Mac::Sum start;  // of each sum: what the offset of the pixels takes from it
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
      step.offset = c * column_step * stored_bytes<Mac>;
    }
  int64_t total = 0;
  for (int64_t i = 0; Mac::offset && i < rows * columns; ++i) total += int64_t(weights[i]);
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t block_row = 0; block_row < block_rows; ++block_row)
      for (int64_t r = 0; r < rows; ++r) {
        Weight weight = weights[r * columns + c];
        if (weight == 0) continue;
        int64_t row = block_row * row_stride + r * row_step;
        Step<Mac>& step = grid[row / Mac::rows * columns + c];
        step.set |= 1 << block_row;
        put_weight<Mac>(step.words[block_row], int(row % Mac::rows), weight);
      }
  }
  auto* sorted = scratch.take<Step<Mac>>(cells);
  constexpr int sets = 1 << block_rows;
  int64_t after[sets + 1] = {};  // where the steps of a set end, after those of the sets before
  for (int64_t i = 0; i < cells; ++i) ++after[grid[i].set + 1];
  after[1] = 0;  // steps of no row are left out
  for (int set = 1; set < sets; ++set) after[set + 1] += after[set];
  int64_t count = after[sets];
  for (int64_t i = 0; i < cells; ++i)
    if (grid[i].set) sorted[after[grid[i].set]++] = grid[i];
  return {sorted, count, groups, typename Mac::Sum(total * Mac::offset)};
}

// Weights as the plan's algorithm multiplies by them.
template <class Mac>
const double* weights_for(Scratch& scratch, const Task& task) {
  const Weights& w = task.weights;
  if (task.plan.separable) return w.column;
  if (task.plan.sum_kind == SumKind::integer || task.plan.scaled) return w.nearest;
  if (task.plan.sum_kind == SumKind::real) return w.real;
  double* to = scratch.take<double>(w.rows * w.columns);
  for (int64_t i = 0; i < w.rows * w.columns; ++i)
    to[i] = __builtin_rint(__builtin_ldexp(w.real[i], task.plan.shift));
  return to;
}

// Sums that are written past the end of a piece: blocks are whole.
inline constexpr int64_t past_end = 8 * vector_bytes;

template <class Mac>
using Block = Vector<typename Mac::Sum>[block_rows][block_vectors];

template <class Mac, int set>
IMGCONV_INLINE const Step<Mac>* run_set(
    const Step<Mac>* step, const Step<Mac>* end, const unsigned char* const* groups, int64_t at,
    Block<Mac>& sums) {
  using Sum = typename Mac::Sum;
  do {
    const unsigned char* from = groups[step->group] + at;
    typename Mac::Pixels pixels[block_vectors];
    IMGCONV_UNROLL(4)
    for (int v = 0; v < block_vectors; ++v) {
      int64_t x = v * stored_bytes<Mac> * lanes_of<Sum>;
      pixels[v] = Mac::load_pixels(from + step->offset + x);
    }
    IMGCONV_UNROLL(4)
    for (int r = 0; r < block_rows; ++r)
      if (set >> r & 1) {
        const typename Mac::Factor words = Mac::factor(step->words[r]);
        IMGCONV_UNROLL(4)
        for (int v = 0; v < block_vectors; ++v)
          sums[r][v] = Mac::mac(sums[r][v], pixels[v], words);
      }
    ++step;
  } while (step != end && step->set == set);
  return step;
}

// Sum one block, block_rows rows of block_vectors vectors, from byte `at` of the groups.
template <class Mac>
IMGCONV_INLINE void sum_block(const Steps<Mac>& steps,
                                                     const unsigned char* const* groups,
                                                     int64_t at, Block<Mac>& sums) {
  using Sum = typename Mac::Sum;
  const Vector<Sum> start = Mac::offset ? splat<Sum>(steps.start) : Vector<Sum>{};
  IMGCONV_UNROLL(4)
  for (int r = 0; r < block_rows; ++r)
    IMGCONV_UNROLL(4)
    for (int v = 0; v < block_vectors; ++v) sums[r][v] = start;
  const Step<Mac>*step = steps.steps, *end = step + steps.count;
  while (step != end) {
    switch (step->set) {
#define IMGCONV_SET(set) \
  case set: step = run_set<Mac, set>(step, end, groups, at, sums); break;
#define IMGCONV_SETS(one)   \
  one(1) one(2) one(3) one(4) one(5) one(6) one(7) one(8) one(9) one(10) \
  one(11) one(12) one(13) one(14) one(15)
      IMGCONV_SETS(IMGCONV_SET)
#undef IMGCONV_SETS
#undef IMGCONV_SET
      default: __builtin_unreachable();
    }
  }
}

// Sum one block into memory. What is stored may be sums in float, of whole numbers that it holds.
template <class Mac, class To>
void run_block(const Steps<Mac>& steps, const unsigned char* const* groups, int64_t at, To* to,
               int64_t pitch) {
  Block<Mac> sums;
  sum_block<Mac>(steps, groups, at, sums);
  IMGCONV_UNROLL(4)
  for (int r = 0; r < block_rows; ++r)
    IMGCONV_UNROLL(4)
    for (int v = 0; v < block_vectors; ++v)
      store<To>(to + r * pitch + v * lanes_of<typename Mac::Sum>,
                __builtin_convertvector(sums[r][v], Vector<To>));
}

// Sum `values` columns of a block of rows; `to` has room for a whole number of vector blocks.
template <class Mac, class To>
void run_rows(const Steps<Mac>& steps, const unsigned char* const* groups, int64_t first,
              int64_t values, To* to, int64_t pitch) {
  constexpr int64_t width = block_vectors * lanes_of<typename Mac::Sum>;
  for (int64_t x = 0; x < values; x += width)
    run_block<Mac, To>(steps, groups, (first + x) * stored_bytes<Mac>, to + x, pitch);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
