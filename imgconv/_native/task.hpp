// One correlation, fully said, in plain data that every instruction set's code shares.
#pragma once

#include <cstddef>
#include <cstdint>

#include "int128.hpp"

namespace imgconv {

enum class Type : int { u8, u16, i16, f32, f64 };  // the last for exact sums alone
enum class Rounding : int { half_even, half_up, half_down, truncate };
enum class Border : int { constant, replicate, reflect, reflect101, wrap };

// How the weighted sums are formed. The first three need 8-bit pixels.
enum class Algorithm : int {
  taps16,   // 8-bit weights, sums in int16
  dot8,     // 8-bit weights, sums in int32, four rows per instruction
  dot16,    // 16-bit weights, sums in int32, two rows per instruction
  f32,      // float
  f64,      // double
  box,      // running sums both ways, in int32 or (of floats) double; all weights are equal
  running,  // running sums in int32 down the columns; weights change seldom there
  fft,      // Fourier transform in double
  exact,    // int64, int128 or wider
};

// What the sums are, and with that how they become values.
enum class SumKind : int {
  integer,  // sum(weights * pixels), exactly
  fixed,    // the value times 2^shift, off by at most `bound`
  real,     // the value without its bias, off by at most `bound`
};

struct Plan {
  Algorithm algorithm = Algorithm::exact;
  SumKind sum_kind = SumKind::integer;
  bool separable = false;  // the vertical pass by `algorithm`, the horizontal one by `horizontal`
  Algorithm horizontal = Algorithm::exact;
  int shift = 0;           // of SumKind::fixed
  double bound = 0;        // for integer images absolute; for float images per unit of max |pixel|
  double bound_fixed = 0;  // added to the bound of a float image whatever its pixels; from float to
                           // float, both have the steps after the sum in them
  bool scaled = false;     // SumKind::real for a float output: the gain comes after the sum
  double exact_span = 0;   // pixels of less than this many units have exact sums
  double relative_bound = 0;  // of the steps after a scaled sum, per unit of their results
  double value_bound = 0;     // per unit of the value, where no pixel is below 0; 0 is no bound
  int64_t tile_rows = 0, tile_columns = 0;  // of Algorithm::fft: points, powers of two
  bool whole = false;                       // of Algorithm::fft: sums are whole once rounded
};

// Of Algorithm::fft: the kernel's transform, and the roots of one for both of its axes.
struct Spectrum {
  int64_t rows, columns;
  const double *row_cosines, *row_sines, *column_cosines, *column_sines;
  double *re, *im;
};

struct Axis {
  int64_t length, taps, before, out, stride, dilation;
  int64_t span() const { return (out - 1) * stride + (taps - 1) * dilation + 1; }
};

// value = (factor * sum + added) / denominator, factor > 0 and denominator > 0, or its absolute.
struct Quotient {
  i128 factor, added, denominator;
  bool absolute;
};

// How an exact integer sum becomes an output value; proved before it is used.
enum class Method : int {
  add,  // the sum and a whole number, in int32
  float_multiply,
  float_divide,
  double_multiply,
  double_divide,
  none,
  add_short,  // in int16
};

// How an exact sum in int16 becomes an output value without leaving int16.
enum class ShortKind : int {
  none,
  add,    // sum + added
  halve,  // t / 2^down, half to even, t = sum + added
  scale,  // (high half of ((sum << up) * factor) + added) >> down; proved before it is used
  scale_even,  // the same half up, less one where that makes a half odd
};
struct ShortFinish {
  ShortKind kind;
  int up, factor, added, down;
  int whole_factor = 0, whole_added = 0, denominator = 0;  // of scale_even: of the quotient
};

struct Weights {
  int64_t rows, columns;
  const i128* whole;          // not flipped; signs such that Quotient::factor > 0
  const double* nearest;      // whole, as doubles
  const double* real;         // factor / denominator * whole, off by at most 4 ulp
  const double* column;       // the separable factors, whole or (row) with the gain in it
  const double* row;
  // `real` and `nearest` once more for sums by vectors: rows of `pitch` values, a multiple of 8,
  // with zeros where dilation and the other channels leave gaps; null where that does not pay.
  const double *real_spread, *nearest_spread;
  int64_t pitch;
  i128 sum_positive, sum_negative;  // of the weights; the second is a magnitude
};

// How sums of colours times weights, the last channel, become means. Of the sums s of weighed and t
// of plain colours and b of weights a colour is (factor * s + added * b) / (denominator * b) by
// `colour` where b * sign > 0, and else (factor * t + added) / denominator by `straight`; the weight
// is factor * b / denominator by `share`.
struct Weighing {
  Quotient colour, straight, share;
  double sign, opaque;  // the weight of what a constant border puts outside
  bool checks;          // whether values may be off, by at most:
  double error, error_of_straight, error_of_share;
  double error_over_weight;  // which is divided by |b| and added to `error`
  double floor;              // how far off b may be
  // Of float colours: the quotients in double, by which share of all magnitudes sums are off, whether
  // the weights have one sign, and what they and their magnitudes add up to.
  double gain, bias, share_real, relative;
  bool positive;
  double total, size;
};

// Weights that are the same everywhere: 1 or 0.
enum class Even : unsigned char { no, full, none };

struct Task {
  Weights weights;
  Quotient quotient;
  double added;         // of the quotient, per denominator
  double double_error;  // of a sum of `real` in double, `added` included; of floats `added` alone
  Plan plan;
  Method method;
  ShortFinish shorts;
  bool clips;  // whether any value can lie outside the range of the output type
  Type type_in, type_out;
  Rounding rounding;
  Axis rows, columns;
  int64_t channels;
  const unsigned char* source;
  int64_t source_stride;  // bytes
  unsigned char* target;
  int64_t target_stride;  // bytes
  const int32_t* row_map;     // source row of each position of the span; -1 is the constant
  const int32_t* column_map;
  const unsigned char* constant_row;  // as long as a source row
  float constant;
  const Spectrum* spectrum;
  const Weighing* weighing;  // null where channels are filtered apart
  Even even;                 // of float weights, where they are the same wherever windows look
};

struct Counts {
  int64_t clipped = 0;
  int64_t recomputed = 0;
};

inline constexpr int64_t block_rows = 4;  // output rows that share what they load

static inline size_t size_of(Type type) {
  return type == Type::u8 ? 1 : type == Type::f32 ? 4 : type == Type::f64 ? 8 : 2;
}
static inline int64_t lowest(Type type) { return type == Type::i16 ? -32768 : 0; }
static inline int64_t highest(Type type) {
  return type == Type::u8 ? 255 : type == Type::i16 ? 32767 : 65535;
}

// What an instruction set can do, for the planner.
struct Capabilities {
  int vector_bytes;
  bool fused;         // multiplies and adds doubles and floats in one step
  bool taps16, dot8;  // has Algorithm::taps16 and Algorithm::dot8
  bool word_pairs;    // sums 16-bit weights in pairs of rows
  bool symmetric;     // sums small symmetric separable kernels in planes
};

struct NetworkJob;
struct WindowsJob;
struct Pointwise;

// One instruction set's code.
struct Isa {
  const char* name;
  uint32_t needs;  // features of the CPU, see cpu.hpp
  Capabilities capabilities;
  Counts (*band)(const Task&, int64_t first_row, int64_t last_row);
  double (*rounded)(Method, const Quotient&, Rounding, double sum);
  void (*transform_weights)(const Spectrum&, const double* weights, int64_t rows, int64_t columns,
                            double* re, double* im);
  const Pointwise* pointwise;
  void (*run_network)(const NetworkJob&);
  void (*run_medians)(const WindowsJob&);  // of 3 x 3 or 5 x 5, at least a vector across
};

}  // namespace imgconv
