// Order statistics of 16-bit values in windows of any shape.
#pragma once

#include <cstdint>
#include <vector>

namespace imgconv {

// Neighbouring places of one row of a window: columns start to stop - 1.
struct Run {
  int64_t row, start, stop;
};

// A plane of pixels, and another for one value of each window; distances are in values.
struct RankJob {
  const uint16_t* pixels;
  int64_t pixels_pitch;
  uint16_t* out;
  int64_t out_pitch;
  int64_t rows, columns;  // of the output
  std::vector<Run> window;
  int64_t rank;  // of the value that is wanted, from 0
};

void find_ranks(const RankJob& job);

}  // namespace imgconv
