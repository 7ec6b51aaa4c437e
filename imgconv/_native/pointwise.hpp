// What is done to values one by one, before and after sums, in plain data that every instruction
// set's code shares.
#pragma once

#include <cstdint>

#include "task.hpp"

namespace imgconv {

// A value before it is rounded: (factor * x + added) / divisor.
struct Affinity {
  double factor = 1, added = 0, divisor = 1;
};

// How values become pixels.
struct Target {
  Type type = Type::u8;
  Rounding rounding = Rounding::half_even;
  bool absolute = false;
};

// Weighted means of colours, the last of the channels being their weight. With sums s of
// colour times weight and b of weights, a colour is (factor * s + added * b) / (divisor * b) where
// b * sign is positive, and otherwise `straight` of the sum of colours; the weight becomes `share`
// of b.
struct Mean {
  Affinity colour, straight, share;
  double sign = 1;
  double high_unit = 0;  // sums are high * high_unit + low, or low alone where it is 0
  double doubt = 0;      // colours are off by at most this part of them
  Target target;
};

struct Sums {
  const void *low, *high, *straight;  // of the same type: float, or double where `wide`
  bool wide;
};

struct MeanCounts {
  int64_t clipped = 0, undecided = 0;
  int64_t first = int64_t(1) << 40, last = -1;  // columns with pixels that have no weight
};

// How the sums of a set's members become one value.
enum class Combine : int { root, sum_abs, max, max_abs, winner, winner_abs };

// What rounds right of the steps that combine sums: those in the type of the sums, those in double,
// or neither where a value is near a half. Where it is not the first, values are checked.
enum class Proof : int { all, in_double, none };

struct Combination {
  Combine how = Combine::root;
  const void* const* members = nullptr;  // sums: float, or double where `wide`
  const double* factors = nullptr;       // what each of them is multiplied by
  int64_t count = 0;
  bool wide = false;
  Affinity value;  // of an integer type; of floats the factor and what is added alone
  Target target;
  bool may_be_nan = false;  // what is not a number becomes 0
  Proof proof = Proof::all;
};

// How the sums of two members become a direction: along x ``a * ax - b * bx``, along y
// ``b * by - a * ay``. A full turn has a number of levels, of which the first is `low`.
struct Turn {
  double ax, bx, by, ay;
  double levels, low;
};

// Weights that are not zero, in the order in which products are added up, and where they stand.
struct OrderedTaps {
  const double* weights;
  const int64_t* offsets;  // values
  int64_t count;
};

// Where levels begin: in cells of which none has more than one beginning. A value x of cell c has
// level `base[c]`, or one more where it is not below `edge[c]`.
struct Beginnings {
  const uint16_t* base;
  const double* edge;
  const float* near;  // the least floats that are not below the edges, these in units of light
  double cells;       // for each unit of x
};

// A threshold for each pixel of a gray image of bytes or uint16, from its window.
enum class Local : int { niblack, sauvola, mean, gaussian };

struct LocalJob {
  Local method;
  Type type;
  const void* pixels;
  int64_t rows, columns, window;  // without gaps; gaussian: of that many weights
  const int32_t *row_map, *column_map;  // of the span of the windows
  double k, half_range;   // of niblack and sauvola
  double offset;          // of mean and gaussian
  const double* weights;  // of gaussian, the same from both ends
  double white;
};

// Windows of a layer's input, and filters. Steps are in bytes.
struct LayerJob {
  Type type;
  const unsigned char* source;  // the first tap of the first window
  int64_t rows, columns;        // of windows
  int64_t tap_planes, tap_rows, tap_columns, channels;
  int64_t row_step, plane_tap, row_tap, pixel_step;
  int64_t stride, dilation;  // of columns, in pixels
  const double* weights;     // of a tap after the other, `pitch` apart; zeros after the last filter
  int64_t filters, pitch;
};

// How sums of filters become floats: times gains, and with what is added. These are off by at most
// fixed + relative * (|product| + |added|).
struct LayerFinish {
  int64_t filters;
  const double *gains, *added, *fixed, *relative;
};

// The bits that all of some bytes have, and that any of them has: those 64 apart are taken together.
struct ByteBits {
  unsigned char all[64], any[64];
};

// One instruction set's code. All arrays are without gaps.
struct Pointwise {
  // The bits that all weights, and that any of them has.
  void (*weight_bits)(Type, const void* image, int64_t pixels, int64_t channels, uint32_t* all,
                      uint32_t* any);
  // Note the bytes of a line's blocks, which are multiples of 64.
  void (*note_bits)(const unsigned char* line, int64_t blocks, int64_t bytes, ByteBits* bits);
  // Colours times weights, which stay beside them. Of bytes the product is one uint16; of others
  // it is high and low, whose factor is 2**16 for uint16 and 1 for float.
  void (*weigh)(Type, const void* image, int64_t pixels, int64_t channels, void* low, void* high);
  // Colours times the last channel, which becomes 0: of bytes in uint16, of others the part of white,
  // rounded, in their own type. Signed weights below 0 count as 0.
  void (*premultiply)(Type, const void* image, int64_t pixels, int64_t channels, void* to);
  // Without straight sums, chunks where a pixel has no weight are left out; with them, all others.
  // Colours that the doubt leaves undecided are marked in `doubts` and become 0.
  MeanCounts (*means)(const Mean&, const Sums&, int64_t pixels, int64_t columns, int64_t channels,
                      void* to, uint8_t* doubts);
  // Values of a set; returns how many were clipped. Where the proof is not of all steps, `doubts`
  // tells those that are open, which become 0.
  int64_t (*combine)(const Combination&, int64_t values, void* to, uint8_t* doubts);
  // Directions, and which of them may be rounded the other way; returns how many may.
  int64_t (*directions)(const Turn&, const double* a, const double* b, int64_t count, Type, void* to,
                        uint8_t* doubts);
  // Sums in double, each product rounded and added in that order.
  void (*ordered_sums)(const OrderedTaps&, const float* from, int64_t count, double* to);
  // The levels of light between 0 and 1, times a unit; returns how much lies outside.
  int64_t (*encode)(const Beginnings&, double unit, const float* light, int64_t count, Type,
                    void* to);
  // The levels of weighted means of three channels' light, which a table has for each level.
  void (*encode_mean)(const Beginnings&, const int64_t* table, const int64_t* weights, int64_t total,
                      Type, const void* image, int64_t pixels, void* to);
  // Rows of pixels that are white where they are above their threshold; each step is rounded to
  // double as the definition has it.
  void (*above_local)(const LocalJob&, int64_t first, int64_t last, void* to);
  // Sums of windows times filters, in double: for each window those of all filters.
  void (*layer_sums)(const LayerJob&, double* to);
  // Their values, and which may be rounded the other way; returns how many may.
  int64_t (*settle)(const LayerFinish&, const double* sums, int64_t windows, float* to,
                    int32_t* doubts);
  // A band of output rows of a task with weights.
  Counts (*weighed_band)(const Task&, int64_t first, int64_t last);
};

}  // namespace imgconv
