// Sums of weighed colours divided by those of their weights, and rounded once.
#pragma once

#include "../pointwise.hpp"
#include "finish.hpp"
#include "weighed_ring.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// A function object that is called by a pointer: what uses it is compiled once for all of them.
template <class Signature>
class Call;
template <class Result, class... Arguments>
class Call<Result(Arguments...)> {
 public:
  template <class Function>
  explicit Call(Function& function)
      : function_(&function), call_([](void* to, Arguments... arguments) -> Result {
          return (*static_cast<Function*>(to))(arguments...);
        }) {}
  Result operator()(Arguments... arguments) const { return call_(function_, arguments...); }

 private:
  void* function_;
  Result (*call_)(void*, Arguments...);
};

// The sums of as many vectors as a pixel has channels share one division: lane i of the divisors is
// the weight of a pixel of vector i % channels.
template <class T, int channels>
class MeanFinish {
  static constexpr int width = lanes_of<T> > channels ? int(lanes_of<T>) : channels;
  static constexpr int64_t group = channels * width;
  static constexpr bool native = width == lanes_of<T>;  // vectors are those of the instruction set
  using V = typename VectorOf<T, width>::Type;
  using Masks = decltype(V{} < V{});

 public:
  explicit MeanFinish(const Task& task)
      : w_(*task.weighing), type_(task.type_out), rounding_(task.rounding),
        absolute_(task.quotient.absolute) {
    const double low = double(lowest(type_)), high = double(highest(type_));
    const Ratio colour(w_.colour), straight(w_.straight), share(w_.share);
    for (int i = 0; i < width; ++i) {
      const bool last = i % channels == channels - 1;
      share_[i] = T(share.gain);
      bias_[i] = last ? T(0) : T(colour.bias);
      straight_[i] = T(straight.gain);
      straight_bias_[i] = T(straight.bias);
      settled_[i] = T(0.5 - 1.0001 * (last ? w_.error_of_share : w_.error));
      straight_settled_[i] = T(0.5 - 1.0001 * w_.error_of_straight);
      over_weight_[i] = last ? T(0) : T(w_.error_over_weight / colour.gain);
      colours_[i] = last ? 0 : -1;
    }
    gain_ = T(colour.gain);
    has_bias_ = colour.bias != 0;
    const double peak = task.type_in == Type::u8 ? 255 : 65535;
    const double ends[] = {colour.bias, colour.gain * peak + colour.bias};
    clips_ = absolute_ || !w_.positive;  // means of weights of one sign are between their colours
    for (double end : ends) clips_ |= end < low - 0.25 || end > high + 0.25;
    sign_ = T(w_.sign);
    floor_ = T(w_.floor);
    low_ = T(low);
    high_ = T(high);
  }

  using Straight = Call<const T*()>;
  using Exact = Call<double(int64_t)>;

  // Write a piece. `sums` and what `straight()` gives have room for a group more. exact(i) is the
  // whole number that value i is rounded to. Returns how many colours are clamped.
  int64_t piece(const T* sums, int64_t count, unsigned char* to, int64_t start, Straight straight,
                Exact exact) {
    if (type_ == Type::u8) return piece_as(sums, count, to + start, straight, exact);
    auto* words = reinterpret_cast<uint16_t*>(to);  // signed ones have the same bits
    return piece_as(sums, count, words + start, straight, exact);
  }

 private:
  static constexpr int64_t chunk = 6 * group;
  static constexpr int64_t part_size = chunk;  // what cannot be seen is listed by so much more

  struct Ratio {
    double gain, bias;
    explicit Ratio(const Quotient& q)
        : gain(to_double(q.factor) / to_double(q.denominator)),
          bias(to_double(q.added) / to_double(q.denominator)) {}
  };

  template <class Out>
  int64_t piece_as(const T* sums, int64_t count, Out* to, Straight straight, Exact exact) {
    int64_t clipped = 0;
    const T* plain = nullptr;
    for (int64_t at = 0; at < count; at += chunk) {
      const int64_t part = count - at < chunk ? count - at : chunk;
      open_count_ = 0;
      hidden_ = false;
      V clips = {};
      for (int64_t i = 0; i < part; i += group) {
        const int64_t valid = part - i < group ? part - i : group;
        const T* from = sums + at + i;
        T rest[group];
        Out few[group];
        if (valid < group) from = filled_up(from, valid, rest);
        divide(from, i, valid, valid < group ? few : to + at + i, clips);
        if (valid < group) __builtin_memcpy(to + at + i, few, size_t(valid) * sizeof(Out));
      }
      if (hidden_) {
        if (!plain) plain = straight();
        replace(sums + at, plain + at, part, to + at, clips);
      }
      for (int j = 0; j < width; ++j) clipped += colours_[j] ? int64_t(clips[j]) : 0;
      for (int64_t j = 0; j < open_count_; ++j) {
        const int64_t which = open_[j];
        const bool quotient = !w_.checks && which < part_size;
        const double whole = quotient ? divided(sums + at, which) : exact(at + which % part_size);
        const bool beyond = whole < double(low_) || whole > double(high_);
        clipped += beyond && which % channels != channels - 1;
        to[at + which % part_size] = Out(int32_t(beyond ? whole < 0 ? low_ : high_ : T(whole)));
      }
    }
    return clipped;
  }

  // The last pixels as a group, with ones that count for nothing.
  const T* filled_up(const T* from, int64_t valid, T* to) const {
    for (int64_t j = 0; j < group; ++j)
      to[j] = j % channels == channels - 1 ? T(w_.sign * (1 + 2 * w_.floor)) : T(0);
    __builtin_memcpy(to, from, size_t(valid) * sizeof(T));
    return to;
  }

  static IMGCONV_INLINE V taken(const T* from) {
    V values;
    __builtin_memcpy(&values, from, sizeof values);
    return values;
  }

  template <int k, int... lane>
  static IMGCONV_INLINE V weights_of(V x, std::integer_sequence<int, lane...>) {
    return shuffled<(lane - lane % channels + k)...>(x, x);
  }
  template <int k, class X>
  static IMGCONV_INLINE X spread(X x) {
    return weights_of<k>(x, std::make_integer_sequence<int, width>());
  }
  template <int k, int... lane>
  static IMGCONV_INLINE Masks lanes_of_vector(std::integer_sequence<int, lane...>) {
    return Masks{(lane % channels == k ? -1 : 0)...};
  }

  // Divide a group of sums and write what they are rounded to. What is open or cannot be seen is
  // written later.
  template <class Out>
  IMGCONV_INLINE void divide(const T* sums, int64_t start, int64_t valid, Out* to,
                             V& clips) {
    V above[channels];
    IMGCONV_UNROLL(4)
    for (int k = 0; k < channels; ++k) above[k] = taken(sums + k * width);
    V below = gathered(above);
    V inverse = (V{} + gain_) / below;  // times the gain
    const Masks hides = ~(below * sign_ > floor_);
    const bool hidden = any(hides);
    if (__builtin_expect(hidden, 0)) {
      hidden_ = true;
      inverse = hides ? V{} : inverse;
    }
    constexpr auto each = std::make_integer_sequence<int, channels>();
    if (clips_)
      each_of_group<true>(above, inverse, hides, hidden, start, valid, to, clips, each);
    else
      each_of_group<false>(above, inverse, hides, hidden, start, valid, to, clips, each);
  }

  template <int... k>
  static IMGCONV_INLINE V gathered_of(const V* above, std::integer_sequence<int, k...>) {
    constexpr auto lanes = std::make_integer_sequence<int, width>();
    V all = spread<channels - 1>(above[channels - 1]);
    ((all = lanes_of_vector<k>(lanes) ? spread<channels - 1>(above[k]) : all), ...);
    return all;
  }
  static IMGCONV_INLINE V gathered(const V* above) {
    return gathered_of(above, std::make_integer_sequence<int, channels>());
  }

  template <bool clipping, class Out, int... k>
  IMGCONV_INLINE void each_of_group(const V* above, V inverse, Masks hides, bool hidden,
                                    int64_t start, int64_t valid, Out* to, V& clips,
                                    std::integer_sequence<int, k...>) {
    V value[channels] = {(above[k] * (colours_ ? spread<k>(inverse) : share_))...};
    if (has_bias_ || absolute_)
      for (int i = 0; i < channels; ++i) {
        value[i] += bias_;
        if (absolute_) value[i] = colours_ ? size_of(value[i]) : value[i];
      }
    if (__builtin_expect(hidden, 0)) {
      const Masks unseen[channels] = {spread_masks<k>(hides)...};
      for (int i = 0; i < channels; ++i) value[i] = unseen[i] & colours_ ? V{} : value[i];
    }
    V settled[channels];
    for (int i = 0; i < channels; ++i) settled[i] = settled_;
    if (w_.error_over_weight > 0) {
      const V over[channels] = {(spread<k>(inverse) * over_weight_)...};
      for (int i = 0; i < channels; ++i) settled[i] -= size_of(over[i]);
    }
    write_group<clipping>(value, settled, start, valid, to, clips);
  }

  template <int k>
  static IMGCONV_INLINE Masks spread_masks(Masks x) {
    V lanes = x ? V{} + 1 : V{};
    return spread<k>(lanes) != 0;
  }

  static IMGCONV_INLINE V nearest(V x) {
    if constexpr (native) return Simd::template nearest<T>(x);
    else return (x + magic) - magic;
  }
  static IMGCONV_INLINE V size_of(V x) {
    if constexpr (native) return Simd::template magnitude<T>(x);
    else return x < 0 ? -x : x;
  }
  static IMGCONV_INLINE V within(V x, T low, T high) {
    if constexpr (native)
      return Simd::template at_most<T>(high, Simd::template at_least<T>(low, x));
    x = x < low ? V{} + low : x;
    return x > high ? V{} + high : x;
  }

  template <bool clipping, class Out>
  IMGCONV_INLINE void write_group(const V (&value)[channels], const V (&settled)[channels],
                                  int64_t start, int64_t valid, Out* to, V& clips) {
    V inside[channels], beyond[channels], away[channels];
    Some some{};
    IMGCONV_UNROLL(4)
    for (int k = 0; k < channels; ++k) {
      const V x = clipping ? within(value[k], low_ - 1, high_ + 1) : value[k];
      const V near = nearest(x);
      away[k] = size_of(x - near);
      some.add(away[k], settled[k]);
      inside[k] = clipping ? within(near, low_, high_) : near;
      if constexpr (clipping) beyond[k] = size_of(near - inside[k]);  // 1 or 0
      else beyond[k] = V{};
    }
    narrow(inside, to);
    if (__builtin_expect(some.any() || valid < group, 0)) {
      V lanes[3][channels];  // copies, else all of them would go to memory always
      for (int k = 0; k < channels; ++k) {
        lanes[0][k] = away[k];
        lanes[1][k] = settled[k];
        lanes[2][k] = beyond[k];
      }
      list_group(lanes[0], lanes[1], lanes[2], start, valid, clips);
    } else if constexpr (clipping) {
      IMGCONV_UNROLL(4)
      for (int k = 0; k < channels; ++k) clips += beyond[k];
    }
  }

  // List what is open of a group, and count what is clamped of the rest.
  IMGCONV_NOINLINE void list_group(const V* away, const V* settled, const V* beyond, int64_t start,
                                   int64_t valid, V& clips) {
    for (int k = 0; k < channels; ++k) {
      Masks open = ~(away[k] < settled[k]);
      V counted = open ? V{} : beyond[k];
      for (int64_t lane = 0; lane < width; ++lane)
        if (k * width + lane >= valid) open[lane] = 0, counted[lane] = 0;
      list(open, start + k * width);
      clips += counted;
    }
  }

  IMGCONV_INLINE void list(Masks open, int64_t start) {
    if constexpr (native) {
      const Flags<T> flags = Simd::template differ<T>(open ? V{} + 1 : V{}, V{});
      const uint32_t bits = Simd::template bits_of_flags<T>(flags);
      open_count_ += Simd::list_lanes(open_ + open_count_, bits, int32_t(start));
    } else {
      for (int j = 0; j < width; ++j)
        if (open[j]) open_[open_count_++] = int32_t(start + j);
    }
  }

  // Whether any value of a group may be open.
  struct FlagsOfGroup {
    Flags<T> all{};
    IMGCONV_INLINE void add(V away, V settled) { all |= Simd::template not_less<T>(away, settled); }
    IMGCONV_INLINE bool any() const { return Simd::template any<T>(all); }
  };
  struct MasksOfGroup {
    Masks all{};
    IMGCONV_INLINE void add(V away, V settled) { all |= ~(away < settled); }
    IMGCONV_INLINE bool any() const { return MeanFinish::any(all); }
  };
  using Some = std::conditional_t<native, FlagsOfGroup, MasksOfGroup>;

  static IMGCONV_INLINE bool any(Masks lanes) {
    if constexpr (native) {
      return Simd::template any<T>(Simd::template differ<T>(lanes ? V{} + 1 : V{}, V{}));
    } else {
      for (int j = 0; j < width; ++j)
        if (lanes[j]) return true;
      return false;
    }
  }

  template <class Out, class S = Simd>
  static IMGCONV_INLINE void narrow(const V (&values)[channels], Out* to) {
    constexpr bool bytes = sizeof(Out) == 1 && sizeof(T) == 4 && channels == 4;
    if constexpr (native && S::packs_bytes && bytes) {
      Words words[4];
      IMGCONV_UNROLL(4)
      for (int k = 0; k < 4; ++k) words[k] = __builtin_convertvector(values[k], Words);
      S::pack(to, words);
    } else {
      T all[group];
      __builtin_memcpy(all, values, sizeof all);
      for (int64_t i = 0; i < group; ++i) to[i] = Out(int32_t(all[i]));
    }
  }

  // Write a group of which all sums are 0; tell whether it is one.
  template <class Out>
  bool replace_group(const T* sums, const T* plain, int64_t start, Out* to, V& clips) {
    V value[channels], settled[channels];
    Masks some{};
    for (int k = 0; k < channels; ++k) {
      const V above = taken(sums + k * width);
      const V straight = taken(plain + k * width) * straight_ + straight_bias_;
      some |= above != 0;
      value[k] = colours_ ? absolute_ ? size_of(straight) : straight : above * share_;
      settled[k] = colours_ ? straight_settled_ : settled_;
    }
    if (any(some) || floor_ > 0) return false;
    write_group<true>(value, settled, start + part_size, group, to, clips);
    return true;
  }

  // Colours of pixels that cannot be seen; those whose weight may be 0 are left open.
  template <class Out>
  IMGCONV_NOINLINE void replace(const T* sums, const T* plain, int64_t count, Out* to, V& clips) {
    for (int64_t i = 0; i < count; i += width) {
      const V below = spread<channels - 1>(taken(sums + i));
      Masks hides = ~(below * sign_ > floor_) & colours_;
      if (!any(hides)) continue;
      if (i % group == 0 && i + group <= count &&
          replace_group(sums + i, plain + i, i, to + i, clips)) {
        i += group - width;
        continue;
      }
      V value = taken(plain + i) * straight_ + straight_bias_;
      if (absolute_) value = size_of(value);
      const V x = within(value, low_ - 1, high_ + 1), near = nearest(x);
      const V inside = within(near, low_, high_);
      const int64_t lanes = count - i < width ? count - i : width;
      for (int64_t j = lanes; j < width; ++j) hides[j] = 0;
      Masks open = hides & ~(size_of(x - near) < straight_settled_);
      if (floor_ > 0) open |= hides & (size_of(below) <= floor_);
      clips += (inside != near) & hides & ~open ? V{} + 1 : V{};
      T all[width];
      Out kept[width] = {};
      __builtin_memcpy(all, &inside, sizeof all);
      __builtin_memcpy(kept, to + i, size_t(lanes) * sizeof(Out));
      for (int j = 0; j < width; ++j) kept[j] = hides[j] ? Out(int32_t(all[j])) : kept[j];
      __builtin_memcpy(to + i, kept, size_t(lanes) * sizeof(Out));
      if (!any(open)) continue;
      for (int64_t j = 0; j < lanes; ++j)
        if (open[j]) open_[open_count_++] = int32_t(i + j + part_size);
    }
  }

  // The quotient of exact sums, rounded to T and then to a whole number: it stays on its side of
  // every half, as the planner has shown.
  double divided(const T* sums, int64_t which) const {
    const int64_t pixel = which - which % channels;
    const T below = sums[pixel + channels - 1];
    const bool last = which % channels == channels - 1;
    const Quotient& q = last ? w_.share : w_.colour;
    const T factor = T(to_double(q.factor)), added = T(to_double(q.added));
    const T divisor = T(to_double(q.denominator));
    const T n = last ? below * factor : sums[which] * factor + below * added;
    T value = n / (last ? divisor : below * divisor);
    if (absolute_ && !last && value < 0) value = -value;
    value = value < low_ - 1 ? low_ - 1 : value > high_ + 1 ? high_ + 1 : value;
    return double(rounded(value, rounding_));
  }

  static constexpr T magic = sizeof(T) == 4 ? T(12582912.0) : T(6755399441055744.0);

  const Weighing& w_;
  Type type_;
  Rounding rounding_;
  bool absolute_, has_bias_, clips_, hidden_ = false;
  V share_, bias_, straight_, straight_bias_, settled_, straight_settled_, over_weight_;
  Masks colours_;
  T gain_, sign_, floor_, low_, high_;
  int64_t open_count_ = 0;
  int32_t open_[2 * chunk + 4 * group];
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
