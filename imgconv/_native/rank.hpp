// Order statistics: of 16-bit values in windows of any shape, and by sorting networks.
#pragma once

#include <cstdint>
#include <vector>

#include "task.hpp"

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

// A stretch of a buffer of values; buffer 0 is the tile.
struct Stretch {
  int64_t buffer, start;
};

// The lesser or the greater of two stretches, value by value. No stretch is written while it is
// read.
struct Comparison {
  bool greater;
  Stretch first, second;
  int64_t buffer, length;
};

// Windows of an image and of what stands around it.
struct WindowsJob {
  Type type;
  const void* pixels;
  int64_t pixels_pitch, channels;  // values from a row to the next, values of a pixel
  int64_t image_columns;
  // Where each row and column that windows read lies in the image; -1 for outside.
  const int64_t *source_rows, *source_columns;
  int64_t columns_before;  // columns that windows read before the image's first one
  double outside;
  void* out;
  int64_t out_pitch;
  int64_t rows, columns;                // of the output
  int64_t window_rows, window_columns;  // of the footprint
};

// A sorting network over flat tiles of an image.
struct NetworkJob : WindowsJob {
  int64_t tile_rows, tile_columns;      // of the output, that are done at a time
  std::vector<Comparison> comparisons;
  int64_t buffers, size;  // how many there are, the tile included, and how long each is
  Stretch result;
};

}  // namespace imgconv
