// Means of float colours that are weighed by the last channel.
//
// The definition adds up in double, tap after tap, the products as two floats each. Here sums may
// be made in any order: both are off by a share of what the magnitudes add up to. Where that leaves no
// choice of the float that a value is rounded to, it is the definition's; the rest is added up as
// the definition does it.
#pragma once

#include "lanes.hpp"
#include "scratch.hpp"
#include "weighed_ring.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// The range of finite values in stretches of source rows.
struct FloatRange {
  float colour = 0, weight = 0;        // the largest magnitudes
  float least_colour = 0, least_weight = 0;  // or 0
  float colour_near_zero = 0x1p127f, weight_near_zero = 0x1p127f;  // magnitudes that are not 0
  void take(const FloatRange& other) {
    auto lesser = [](float a, float b) { return a < b ? a : b; };
    colour_near_zero = lesser(other.colour_near_zero, colour_near_zero);
    weight_near_zero = lesser(other.weight_near_zero, weight_near_zero);
    colour = other.colour > colour ? other.colour : colour;
    weight = other.weight > weight ? other.weight : weight;
    least_colour = other.least_colour < least_colour ? other.least_colour : least_colour;
    least_weight = other.least_weight < least_weight ? other.least_weight : least_weight;
  }
};

template <int channels>
FloatRange range_of(const float* __restrict from, int64_t values) {
  constexpr int width = lanes_of<float> > channels ? int(lanes_of<float>) : channels;
  using V = typename VectorOf<float, width>::Type;
  V most = {}, least = {}, near = V{} + 0x1p127f;
  int64_t i = 0;
  auto note = [&](V x) {
    x = (x - x == 0) ? x : V{};  // what is not finite sees to itself
    most = x > most ? x : most;
    least = x < least ? x : least;
    x = x < 0 ? -x : x;
    near = ((x < near) & (x != 0)) ? x : near;
  };
  for (; i + width <= values; i += width) {
    V x;
    __builtin_memcpy(&x, from + i, sizeof x);
    note(x);
  }
  if (i < values) {
    V x = {};
    __builtin_memcpy(&x, from + i, size_t(values - i) * sizeof(float));
    note(x);
  }
  FloatRange range;
  for (int j = 0; j < width; ++j) {
    const float size = most[j] > -least[j] ? most[j] : -least[j];
    if (j % channels == channels - 1) range.take({0, size, 0, least[j], 0x1p127f, near[j]});
    else range.take({size, 0, least[j], 0, near[j], 0x1p127f});
  }
  return range;
}

// What the window of a value holds: any weights, none, zeros alone, or weights of 1.
enum class WindowOf { any, hidden, zeros, opaque };

// The definition, one pixel after the other; the sums of the last one are kept.
template <int channels>
class OrderedMeans {
 public:
  explicit OrderedMeans(const Task& task) : task_(task) {}

  // Zeros alone are told from others if asked for.
  WindowOf window(int64_t row, int64_t column, bool zeros) {
    if (row == window_row_ && column == window_column_) return window_;
    window_row_ = row;
    window_column_ = column;
    const int64_t first = column * task_.columns.stride;
    if (task_.columns.dilation == 1) {
      const int64_t last = first + task_.columns.taps;
      if (is_even(row, first, last, 1, opaque_)) return window_ = WindowOf::opaque;
      if (!zeros && is_even(row, first, last, 0, hidden_)) return window_ = WindowOf::hidden;
    }
    return window_ = find_window(row, column);
  }

  float value(int64_t row, int64_t column, int channel) {
    if (row != row_ || column != column_) sum(row_ = row, column_ = column);
    const Weighing& w = *task_.weighing;
    const double below = weights_;
    if (channel == channels - 1) return float(below * w.share_real) + 0.0f;
    const bool seen = below * w.sign > 0;
    const double above = (seen ? high_[channel] + low_[channel] : plain_[channel]) * w.sign;
    double value = above / (seen ? below * w.sign : w.total) * w.gain + w.bias;
    if (task_.quotient.absolute) value = __builtin_fabs(value);
    return float(value) + 0.0f;
  }

 private:
  WindowOf find_window(int64_t row, int64_t column) const {
    const Weights& w = task_.weights;
    const int32_t* map = task_.column_map + column * task_.columns.stride;
    bool zeros = true;
    const float weight = first_weight(row, map);
    if (weight != 0 && weight != 1) return WindowOf::any;
    for (int64_t r = 0; r < w.rows; ++r) {
      const int32_t at = task_.row_map[row * task_.rows.stride + r * task_.rows.dilation];
      if (at < 0) return WindowOf::any;
      const float* line = reinterpret_cast<const float*>(task_.source + at * task_.source_stride);
      for (int64_t c = 0; c < w.columns; ++c) {
        const int32_t across = map[c * task_.columns.dilation];
        if (across < 0) return WindowOf::any;
        const float* pixel = line + across * channels;
        if (!(pixel[channels - 1] == weight)) return WindowOf::any;
        for (int i = 0; i < channels - 1; ++i) zeros &= pixel[i] == 0;
      }
    }
    return weight == 1 ? WindowOf::opaque : zeros ? WindowOf::zeros : WindowOf::hidden;
  }

  // Columns of which all weights are known to be the same.
  struct Run {
    int64_t row = -1, first = 0, last = 0;
  };

  // Whether all weights in some columns are at a level. Windows overlap: no column is read again.
  bool is_even(int64_t row, int64_t first, int64_t last, float level, Run& run) const {
    if (row != run.row || first < run.first || first > run.last) run = {row, first, first};
    for (; run.last < last; ++run.last) {
      const int32_t across = task_.column_map[run.last];
      for (int64_t r = 0; r < task_.weights.rows; ++r) {
        const int32_t at = task_.row_map[row * task_.rows.stride + r * task_.rows.dilation];
        if (at < 0 || across < 0) return false;
        const unsigned char* line = task_.source + at * task_.source_stride;
        const int64_t value = across * channels + channels - 1;
        if (!(reinterpret_cast<const float*>(line)[value] == level)) return false;
      }
    }
    return true;
  }

  float first_weight(int64_t row, const int32_t* map) const {
    const int32_t at = task_.row_map[row * task_.rows.stride];
    if (at < 0 || map[0] < 0) return -1;
    const unsigned char* line = task_.source + at * task_.source_stride;
    return reinterpret_cast<const float*>(line)[map[0] * channels + channels - 1];
  }

  void sum(int64_t row, int64_t column) {
    const Weights& w = task_.weights;
    const int32_t* map = task_.column_map + column * task_.columns.stride;
    weights_ = 0;
    for (int c = 0; c < channels; ++c) high_[c] = low_[c] = plain_[c] = 0;
    for (int64_t r = 0; r < w.rows; ++r) {
      const int32_t at = task_.row_map[row * task_.rows.stride + r * task_.rows.dilation];
      const unsigned char* bytes = at < 0 ? nullptr : task_.source + at * task_.source_stride;
      const float* line = reinterpret_cast<const float*>(bytes);
      for (int64_t c = 0; c < w.columns; ++c) {
        const double weight = w.nearest[r * w.columns + c];
        if (weight == 0) continue;
        const int32_t across = map[c * task_.columns.dilation];
        const bool inside = line && across >= 0;
        const float* pixel = inside ? line + across * channels : nullptr;
        const float alpha = inside ? pixel[channels - 1] : float(task_.weighing->opaque);
        weights_ += double(alpha) * weight;
        for (int i = 0; i < channels - 1; ++i) {
          const float colour = inside ? pixel[i] : task_.constant;
          const double product = double(colour) * double(alpha);
          const float high = float(product);
          const float low = high - high == 0 ? float(product - double(high)) : 0.0f;
          high_[i] += double(high) * weight;
          low_[i] += double(low) * weight;
          plain_[i] += double(colour) * weight;
        }
      }
    }
  }

  const Task& task_;
  int64_t row_ = -1, column_ = -1, window_row_ = -1, window_column_ = -1;
  Run opaque_, hidden_;
  WindowOf window_ = WindowOf::any;
  double weights_ = 0, high_[channels], low_[channels], plain_[channels];
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
