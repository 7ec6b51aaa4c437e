// Means of float colours: what sums become; see weighed_floats.hpp.
#pragma once

#include "weighed_floats.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// Sums to floats.
template <int channels>
class FloatMeanFinish {
 public:
  static constexpr int width = lanes_of<double> > channels ? int(lanes_of<double>) : channels;
  using V = typename VectorOf<double, width>::Type;
  using F = typename VectorOf<float, width>::Type;

  explicit FloatMeanFinish(const Task& task)
      : w_(*task.weighing), absolute_(task.quotient.absolute), even_(task.even) {
    for (int i = 0; i < width; ++i) {
      const bool last = i % channels == channels - 1;
      colours_[i] = !last;
      gain_[i] = last ? w_.share_real : w_.gain;
      bias_[i] = last ? 0 : w_.bias;
    }
  }

  // window(i, zeros) says what the window of value i holds.
  template <class Straight, class Window, class Exact>
  void piece(const double* sums, int64_t count, const FloatRange& range, float* to,
             Straight straight, Window window, Exact exact) {
    find_errors(range);
    if (even_ != Even::no) return even_piece(sums, count, to, exact);
    const double* plain = nullptr;
    for (int64_t at = 0; at < count; at += chunk) {
      const int64_t part = count - at < chunk ? count - at : chunk;
      invert(sums + at, part);
      for (int64_t x = 0; x < part; x += width) {
        const int64_t i = at + x;
        const V above = taken(sums + i), inverse = spread(inverses_ + x / channels);
        const auto colours = colours_ != 0;
        const V size = size_of(inverse);
        const auto hides = (~(inverse * w_.sign > 0) | (size == infinite)) & colours;
        V value = above * (colours ? inverse : splat_of(1)) * gain_ + bias_;
        V error = colours ? splat_of(error_) : value * share_part_;
        if (!w_.positive) error = colours ? error : splat_of(error_of_share_);
        if (over_ > 0) error += colours ? over_ * size : V{};
        if (exact_weights_) error = colours ? error : V{};
        if (exact_zeros_) error = above == 0 ? V{} : error;
        if (any(hides)) {
          if (!plain) plain = straight();
          const V other = taken(plain + i);
          V off = splat_of(error_of_straight_);
          if (exact_zeros_) off = other == 0 ? V{} : off;
          value = hides ? other * w_.sign / w_.total * gain_ + bias_ : value;
          error = hides ? off : error;
        }
        auto unsure = colours & ((size >= most_inverse_) | (size == 0));  // 0: of infinity
        if (w_.positive) unsure &= size < infinite;  // sums of weights of one sign are 0 or are not
        if (all_open_) error = splat_of(infinite);
        error = unsure ? splat_of(infinite) : error;
        if (absolute_) value = colours ? size_of(value) : value;
        const F low = __builtin_convertvector(value - error, F) + 0.0f;
        const F high = __builtin_convertvector(value + error, F) + 0.0f;
        const int64_t lanes = put(high, count - i, to + i);
        const auto open = ~(low == high);  // also where one is not a number
        if (__builtin_expect(any(open), 0))
          for (int j = 0; j < lanes; ++j)
            if (open[j]) {
              const bool asks = (unsure[j] && hides[j]) || (exact_colours_ && !hides[j]);
              const bool known = asks && colours[j] &&
                                 decide(window(i + j, !exact_colours_), hides[j], sums + i,
                                        hides[j] ? plain + i : nullptr, j, to[i + j]);
              if (!known) to[i + j] = exact(i + j);
            }
      }
    }
  }

 private:
  static constexpr double infinite = __builtin_inf();
  static constexpr int64_t chunk = 64 * channels;  // values whose weights are inverted at a time

  // The same where all weights are 1, or 0: the sums are plain ones.
  template <class Exact>
  void even_piece(const double* sums, int64_t count, float* to, Exact exact) {
    if (!all_open_ && error_of_straight_ == 0) return even_piece<true>(sums, count, to, exact);
    even_piece<false>(sums, count, to, exact);
  }

  template <bool known, class Exact>
  void even_piece(const double* sums, int64_t count, float* to, Exact exact) {
    const float share = even_ == Even::full ? float(w_.total * w_.sign * w_.share_real) + 0.0f : 0;
    const F shares = share - F{};
    const V error = splat_of(all_open_ ? infinite : error_of_straight_);
    const double inverse = w_.sign / w_.total;
    const bool divides = inverse * w_.total != w_.sign || !is_power(w_.total);
    const auto colours = __builtin_convertvector(colours_, F) != 0;
    for (int64_t i = 0; i < count; i += width) {
      const V above = taken(sums + i);
      V value = (divides ? above * w_.sign / w_.total : above * inverse) * gain_ + bias_;
      if (absolute_) value = size_of(value);
      F high, low;
      if constexpr (known) {
        high = low = __builtin_convertvector(value, F) + 0.0f;
      } else {
        const V off = exact_zeros_ ? above == 0 ? V{} : error : error;
        low = __builtin_convertvector(value - off, F) + 0.0f;
        high = __builtin_convertvector(value + off, F) + 0.0f;
      }
      high = colours ? high : shares;
      const int64_t lanes = put(high, count - i, to + i);
      const auto open = ~(low == high) & colours;  // also what is not a number
      if (__builtin_expect(any(open), 0))
        for (int j = 0; j < lanes; ++j)
          if (open[j]) to[i + j] = exact(i + j);
    }
  }

  // Find what quotients are multiplied by, for some pixels.
  void invert(const double* sums, int64_t count) {
    const int64_t pixels = count / channels;
    for (int64_t i = 0; i < pixels; ++i) inverses_[i] = sums[i * channels + channels - 1];
    for (int64_t i = 0; i < pixels; i += width) {
      const V inverse = 1 / taken(inverses_ + i);
      __builtin_memcpy(inverses_ + i, &inverse, sizeof inverse);
    }
  }

  // The inverses of a vector's pixels.
  static IMGCONV_INLINE V spread(const double* inverses) {
    return spread(inverses, std::make_integer_sequence<int, width>());
  }
  template <int... lane>
  static IMGCONV_INLINE V spread(const double* inverses, std::integer_sequence<int, lane...>) {
    return V{inverses[lane / channels]...};
  }

  static IMGCONV_INLINE V taken(const double* from) {
    V values;
    __builtin_memcpy(&values, from, sizeof values);
    return values;
  }

  // Write as many values as there is room for, and return how many these are.
  static IMGCONV_INLINE int64_t put(F values, int64_t room, float* to) {
    if (__builtin_expect(room >= width, 1)) {
      __builtin_memcpy(to, &values, sizeof values);
      return width;
    }
    __builtin_memcpy(to, &values, size_t(room) * sizeof(float));
    return room;
  }

  static IMGCONV_INLINE V size_of(V x) { return x < 0 ? -x : x; }

  static bool is_power(double x) {
    uint64_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return (bits & ((uint64_t(1) << 52) - 1)) == 0;
  }

  static V splat_of(double x) { return x - V{}; }

  template <class Lanes>
  static IMGCONV_INLINE bool any(Lanes lanes) {
    constexpr int words = int(sizeof lanes / 8);
    int64_t all[words], some = 0;
    __builtin_memcpy(all, &lanes, sizeof lanes);
    for (int j = 0; j < words; ++j) some |= all[j];
    return some != 0;
  }

  // Decide a value by what its window holds: of a pixel that is sure not to be seen, or of one
  // whose sums are exact, with the definition's steps after them.
  bool decide(WindowOf window, bool hides, const double* sums, const double* plain, int j,
              float& to) const {
    if (window == WindowOf::any || hides == (window == WindowOf::opaque)) return false;
    const double above = hides ? plain[j] * w_.sign : sums[j];
    double value = above / (hides ? w_.total : sums[j | (channels - 1)]) * w_.gain + w_.bias;
    if (absolute_) value = value < 0 ? -value : value;
    const bool exact = window != WindowOf::hidden || (exact_zeros_ && above == 0);
    const double error = exact ? 0 : error_of_straight_;
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
    const double floor = w_.positive ? 0x1p-60 * size : part * size * weight + 0x1p-60 * size;
    most_inverse_ = 0.999 / floor;
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
  bool absolute_;
  Even even_;
  bool exact_zeros_ = false, all_open_ = false;
  bool exact_weights_ = false, exact_colours_ = false;
  V colours_, gain_, bias_;
  double error_ = 0, over_ = 0, most_inverse_ = 0, error_of_share_ = 0, error_of_straight_ = 0;
  double share_part_ = 0;
  double inverses_[chunk / channels + width];
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
