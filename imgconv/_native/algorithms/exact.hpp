// Single output values computed exactly, whatever the kernel, border, stride or pixel type.
#pragma once

#include "../division.hpp"
#include "lanes.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class Src>
struct Taps {  // of one output value
  const Task& task;
  int64_t row, column, channel;

  const Src* source_row(int64_t tap) const {
    int32_t at = task.row_map[row * task.rows.stride + tap * task.rows.dilation];
    const unsigned char* line =
        at < 0 ? task.constant_row : task.source + at * task.source_stride;
    return reinterpret_cast<const Src*>(line) + channel;
  }

  // Where in its rows `pitch` values from the first tap on can be read, or -1 where the border is in
  // the way.
  int64_t place() const {
    const Weights& w = task.weights;
    const int32_t* map = task.column_map + column * task.columns.stride;
    int64_t reach = (w.columns - 1) * task.columns.dilation, first = map[0];
    int64_t at = first * task.channels, end = task.columns.length * task.channels;
    bool inside = first >= 0 && map[reach] - first == reach && at + channel + w.pitch <= end;
    return inside && w.real_spread ? at : -1;
  }

  template <class Use>
  void each(Use use) const {
    const Weights& w = task.weights;
    const int32_t* map = task.column_map + column * task.columns.stride;
    for (int64_t r = 0; r < w.rows; ++r) {
      const Src* line = source_row(r);
      for (int64_t c = 0; c < w.columns; ++c) {
        int64_t tap = r * w.columns + c;
        if (w.nearest[tap] == 0) continue;
        int32_t at = map[c * task.columns.dilation];
        use(tap, at < 0 ? Src(task.constant) : line[at * task.channels]);
      }
    }
  }
};

// Pixels of a row times its weights.
template <class Src>
IMGCONV_INLINE Vector<double> row_sum(const Src* line, const double* along,
                                                             int64_t pitch) {
  constexpr int64_t lanes = vector_bytes / int64_t(sizeof(double));
  Vector<double> sum = Simd::load_pixels(line) * load<double>(along);
  for (int64_t x = lanes; x < pitch; x += lanes)
    sum += Simd::load_pixels(line + x) * load<double>(along + x);
  return sum;
}

// Sum in double with the weights given, which are there in both ways; exact where no partial sum
// reaches 2**53.
template <class Src>
double double_sum(const Taps<Src>& taps, const double* weights, const double* spread) {
  int64_t place = taps.place();
  if (place < 0) {
    double sum = 0;
    taps.each([&](int64_t tap, Src pixel) { sum += weights[tap] * double(pixel); });
    return sum;
  }
  const Weights& w = taps.task.weights;
  Vector<double> sums = {};
  for (int64_t r = 0; r < w.rows; ++r)
    sums += row_sum(taps.source_row(r) + place, spread + r * w.pitch, w.pitch);
  return Simd::added_up(sums);
}

// Round a value that is off by at most `error`, if that leaves no choice.
static inline bool settled(const Task& task, double value, double error, double& result) {
  if (task.quotient.absolute) value = __builtin_fabs(value);
  if (task.type_out == Type::f32) {
    float below = float(value - error), above = float(value + error);
    result = above + 0.0f;
    return below == above;
  }
  double low = double(lowest(task.type_out) - 1), high = double(highest(task.type_out) + 1);
  value = value < low ? low : value > high ? high : value;
  double nearest = __builtin_rint(value), distance = __builtin_fabs(value - nearest);
  bool truncates = task.rounding == Rounding::truncate;
  result = truncates ? __builtin_trunc(value) : nearest;
  return truncates ? distance > error : distance < 0.5 - error;
}

// Sums in double come with a bound; what that leaves undecided is summed in whole numbers, in double
// where no sum reaches 2**53.
template <class Src>
double exact_pixel(const Taps<Src>& taps) {
  const Task& task = taps.task;
  const Weights& w = task.weights;
  double result, value = double_sum(taps, w.real, w.real_spread) + task.added;
  if (settled(task, value, task.double_error, result)) return result;
  i128 largest = w.sum_positive + w.sum_negative, sum = 0;
  if (largest < i128(1) << 36)
    return exact_value(task, int64_t(double_sum(taps, w.nearest, w.nearest_spread)));
  taps.each([&](int64_t tap, Src pixel) { sum += w.whole[tap] * pixel; });
  return exact_value(task, sum);
}

// Sum products of weights and of what pixels have more than `level` in double, and their magnitudes
// into `largest`: those bound the error.
static inline double float_sum(const Taps<float>& taps, double level, double& largest) {
  const double* real = taps.task.weights.real;
  int64_t place = taps.place();
  if (place < 0) {
    double sum = 0;
    largest = 0;
    taps.each([&](int64_t tap, float pixel) {
      double term = real[tap] * (double(pixel) - level);
      sum += term;
      largest += __builtin_fabs(term);
    });
    return sum;
  }
  const Weights& w = taps.task.weights;
  constexpr int64_t lanes = vector_bytes / int64_t(sizeof(double));
  struct Sums {
    double level;
    Vector<double> terms = {}, sizes = {};
    void add(const float* pixels, const double* along) {
      Vector<double> products = (Simd::load_pixels(pixels) - level) * load<double>(along);
      terms += products;
      sizes += Simd::magnitude<double>(products);
    }
  };
  Sums even{level}, odd{level};  // rows: so that no addition waits for the one before
  int64_t r = 0;
  for (; r + 1 < w.rows; r += 2) {
    const float *line = taps.source_row(r) + place, *next = taps.source_row(r + 1) + place;
    const double *along = w.real_spread + r * w.pitch, *below = along + w.pitch;
    for (int64_t x = 0; x < w.pitch; x += lanes) {
      even.add(line + x, along + x);
      odd.add(next + x, below + x);
    }
  }
  if (r < w.rows) {
    const float* line = taps.source_row(r) + place;
    for (int64_t x = 0; x < w.pitch; x += lanes)
      even.add(line + x, w.real_spread + r * w.pitch + x);
  }
  largest = Simd::added_up(even.sizes + odd.sizes);
  return Simd::added_up(even.terms + odd.terms);
}

// Decide a float pixel by a sum in double, where its bound allows. Weights that add up to 0 have the
// same sum of what pixels have more than one of them, which has less error where they are alike.
static inline bool decided(const Taps<float>& taps, double& result) {
  const Task& task = taps.task;
  const Weights& w = task.weights;
  const double roundings = 1.02 * 0x1p-53 * double(w.rows * w.columns + 9);
  double magnitude, sum = float_sum(taps, 0, magnitude);
  if (settled(task, sum + task.added, roundings * magnitude + task.double_error, result))
    return true;
  const int64_t place = taps.place();
  if (w.sum_positive != w.sum_negative || place < 0) return false;
  const int64_t middle = w.columns / 2 * task.columns.dilation * task.channels;
  sum = float_sum(taps, double(taps.source_row(w.rows / 2)[place + middle]), magnitude);
  return settled(task, sum + task.added, roundings * magnitude + task.double_error, result);
}

static inline double exact_pixel(const Taps<float>& taps) {
  double result;
  if (decided(taps, result)) return result;
  return exact_float(taps.task, taps.row, taps.column, taps.channel);
}

// Write one exact value; tell whether it had to be clamped.
template <class Out>
bool put(Out* at, double value, Type type) {
  if (sizeof(Out) == 4) {
    *at = Out(value);
    return false;
  }
  double low = double(lowest(type)), high = double(highest(type));
  bool clipped = value < low || value > high;
  *at = Out(int32_t(value < low ? low : value > high ? high : value));
  return clipped;
}

// The same for an output of any type; the bits of both types of 16 are the same.
static inline bool put(unsigned char* at, double value, Type type, int64_t which) {
  switch (type) {
    case Type::u8: return put(at + which, value, type);
    case Type::f32: return put(reinterpret_cast<float*>(at) + which, value, type);
    default: return put(reinterpret_cast<uint16_t*>(at) + which, value, type);
  }
}

template <class Src>
Counts exact_band(const Task& task, int64_t first, int64_t last) {
  Counts counts;
  for (int64_t row = first; row < last; ++row) {
    unsigned char* line = task.target + row * task.target_stride;
    int64_t which = 0;
    for (int64_t column = 0; column < task.columns.out; ++column)
      for (int64_t channel = 0; channel < task.channels; ++channel) {
        double value = exact_pixel(Taps<Src>{task, row, column, channel});
        counts.clipped += put(line, value, task.type_out, which++);
      }
  }
  return counts;
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
