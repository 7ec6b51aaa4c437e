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

  WindowOf window(int64_t row, int64_t column) {
    if (row == window_row_ && column == window_column_) return window_;
    window_row_ = row;
    window_column_ = column;
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
  WindowOf window_ = WindowOf::any;
  double weights_ = 0, high_[channels], low_[channels], plain_[channels];
};

// Sums to floats.
template <int channels>
class FloatMeanFinish {
 public:
  static constexpr int width = lanes_of<double> > channels ? int(lanes_of<double>) : channels;
  using V = typename VectorOf<double, width>::Type;
  using F = typename VectorOf<float, width>::Type;

  explicit FloatMeanFinish(const Task& task)
      : w_(*task.weighing), absolute_(task.quotient.absolute) {
    for (int i = 0; i < width; ++i) {
      const bool last = i % channels == channels - 1;
      colours_[i] = !last;
      gain_[i] = last ? w_.share_real : w_.gain;
      bias_[i] = last ? 0 : w_.bias;
    }
  }

  // window(i) says what the window of value i holds.
  template <class Straight, class Window, class Exact>
  void piece(const double* sums, int64_t count, const FloatRange& range, float* to,
             Straight straight, Window window, Exact exact) {
    find_errors(range);
    const double* plain = nullptr;
    for (int64_t i = 0; i < count; i += width) {
      V above;
      __builtin_memcpy(&above, sums + i, sizeof above);
      const V below = last_of_pixels<channels>(above, std::make_integer_sequence<int, width>());
      const auto colours = colours_ != 0;
      const auto hides = ~(below * w_.sign > 0) & colours;
      V value = (colours ? above / below : below) * gain_ + bias_;
      V error = splat_of(error_);
      if (!w_.positive) error = colours ? error : splat_of(error_of_share_);
      else error = colours ? error : value * share_part_;
      if (over_ > 0) error += colours ? over_ / (below < 0 ? -below : below) : V{};
      if (exact_weights_) error = colours ? error : V{};
      if (exact_zeros_) error = above == 0 ? V{} : error;
      if (any(hides)) {
        if (!plain) plain = straight();
        V other;
        __builtin_memcpy(&other, plain + i, sizeof other);
        V off = splat_of(error_of_straight_);
        if (exact_zeros_) off = other == 0 ? V{} : off;
        value = hides ? other * w_.sign / w_.total * w_.gain + w_.bias : value;
        error = hides ? off : error;
      }
      auto unsure = colours & ((below < 0 ? -below : below) <= floor_);
      if (w_.positive) unsure &= below != 0;  // sums of weights of one sign are 0 or are not
      const V settled = error;
      error = unsure ? splat_of(__builtin_inf()) : error;
      if (all_open_) error = splat_of(__builtin_inf());
      if (absolute_) value = (colours & (value < 0)) ? -value : value;
      const F low = __builtin_convertvector(value - error, F) + 0.0f;
      const F high = __builtin_convertvector(value + error, F) + 0.0f;
      const int64_t lanes = count - i < width ? count - i : width;
      __builtin_memcpy(to + i, &high, size_t(lanes) * sizeof(float));
      const auto open = ~(low == high);  // also where one is not a number
      if (__builtin_expect(any(open), 0))
        for (int j = 0; j < lanes; ++j)
          if (open[j]) {
            const bool asks = (unsure[j] && hides[j]) || (exact_colours_ && !hides[j]);
            const bool known = asks && colours[j] &&
                               decide(window(i + j), hides[j], value[j], settled[j], to[i + j]);
            if (!known) to[i + j] = exact(i + j);
          }
    }
  }

 private:
  static V splat_of(double x) { return x - V{}; }

  template <class Lanes>
  static IMGCONV_INLINE bool any(Lanes lanes) {
    constexpr int words = int(sizeof lanes / 8);
    int64_t all[words], some = 0;
    __builtin_memcpy(all, &lanes, sizeof lanes);
    for (int j = 0; j < words; ++j) some |= all[j];
    return some != 0;
  }

  // Decide a value by what its window holds: of a pixel that is sure not to be seen, or of one whose
  // sums are exact, with the definition's steps after them.
  bool decide(WindowOf window, bool hides, double value, double error, float& to) const {
    if (window == WindowOf::any || hides == (window == WindowOf::opaque)) return false;
    if (window != WindowOf::hidden) error = 0;
    const float low = float(value - error) + 0.0f, high = float(value + error) + 0.0f;
    if (low == high) to = high;
    return low == high;
  }

  // A power of two of which all floats of such a magnitude or a larger one are multiples.
  static double last_bit(float magnitude) {
    uint32_t bits;
    __builtin_memcpy(&bits, &magnitude, sizeof bits);
    const int exponent = int(bits >> 23);
    return __builtin_ldexp(1.0, (exponent ? exponent : 1) - 150);
  }

  // How far off values of a piece may be, both sums' errors and the steps after them.
  void find_errors(const FloatRange& range) {
    const double colour = range.colour, weight = range.weight, steps = 0x1p-49;
    const double gain = __builtin_fabs(w_.gain), bias = __builtin_fabs(w_.bias);
    const double size = w_.size, part = 4 * w_.relative;
    const double most = w_.positive ? colour : 0;
    // Products below 2**-101 lose their last bits in the definition, where weights are so small.
    const double lost = colour > 0 ? gain * 0x1p-80 : 0;
    error_ = part * gain * most + steps * (gain * colour + bias) + lost;
    over_ = w_.positive ? 0 : (part + steps) * gain * size * colour * weight * 2;
    floor_ = w_.positive ? 0x1p-60 * size : part * size * weight + 0x1p-60 * size;
    share_part_ = part + steps;
    error_of_share_ = (part + steps) * size * weight * __builtin_fabs(w_.share_real);
    error_of_straight_ = (part + steps) * gain / w_.total * size * colour + steps * bias;
    exact_zeros_ = w_.positive && range.least_colour >= 0 && bias == 0;
    // Sums of whole multiples of a last bit that stay below 2**53 of them are exact.
    exact_weights_ = size * weight < 0x1p53 * last_bit(range.weight_near_zero);
    exact_colours_ = size * colour < 0x1p53 * last_bit(range.colour_near_zero);
    if (exact_colours_) error_of_straight_ = 0;
    all_open_ = range.least_weight < 0 || colour * weight > 0x1p127 || weight > 0x1p100;
  }

  const Weighing& w_;
  bool absolute_, exact_zeros_ = false, all_open_ = false;
  bool exact_weights_ = false, exact_colours_ = false;
  V colours_, gain_, bias_;
  double error_ = 0, over_ = 0, floor_ = 0, error_of_share_ = 0, error_of_straight_ = 0;
  double share_part_ = 0;
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
