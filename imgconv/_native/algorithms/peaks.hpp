// The range of magnitudes in stretches of source rows: error bounds of float images follow it.
#pragma once

#include "float_finish.hpp"
#include "scratch.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// The largest finite magnitude, the last bit of the least that is not zero, and whether all are
// finite. Where one is not, sums that see it are not finite themselves, and need no bound.
struct Peak {
  double most, unit;
  bool finite = true;
};

static inline Bound bound_for(const Plan& plan, Peak peak) {
  double span = plan.exact_span * peak.unit;
  if (plan.scaled && peak.finite && peak.most < span) return {0, peak.unit, span / peak.most};
  return {plan.bound * peak.most + plan.bound_fixed};
}

// Of whole pixels.
static inline Bound whole_bound(const Task& task) {
  double most = task.type_in == Type::u8 ? 255 : 65535;
  return {task.plan.bound, 1, task.plan.exact_span / most};
}

template <class Src>
class Peaks {  // integer images have a bound of their own
 public:
  static constexpr bool counts = false;
  Peaks() = default;
  Peaks(Scratch&, int64_t, int64_t) {}
};

template <>
class Peaks<float> {
 public:
  static constexpr bool counts = true;
  static constexpr int64_t stretch = 256;
  static constexpr uint32_t infinity = 0x7f800000;
  Peaks() = default;
  Peaks(Scratch& scratch, int64_t groups, int64_t values)
      : groups_(groups), values_(values), stretches_(values / stretch + 1) {
    most_ = scratch.take<uint32_t>(groups * stretches_);
    least_ = scratch.take<uint32_t>(groups * stretches_);
    beyond_ = scratch.take<uint32_t>(groups * stretches_);
  }

  int64_t stretches() const { return stretches_; }

  void note(int64_t group, const float* row) { note(group, row, 0, stretches_); }

  // Note some stretches of a row.
  void note(int64_t group, const float* row, int64_t first, int64_t after) {
    for (int64_t s = first; s < after; ++s) {
      int64_t last = (s + 1) * stretch < values_ ? (s + 1) * stretch : values_;
      Range range;
      int64_t x = s * stretch;
      for (; x + lanes <= last; x += lanes) range.take(load<uint32_t>(row + x));
      if (x < last) {
        Lanes rest{};  // zeros change nothing
        __builtin_memcpy(&rest, row + x, size_t(last - x) * sizeof(float));
        range.take(rest);
      }
      const int64_t at = group % groups_ * stretches_ + s;
      most_[at] = beyond_[at] = 0;
      uint32_t least = ~uint32_t(0);
      for (int64_t i = 0; i < lanes; ++i) {
        most_[at] = range.most[i] > most_[at] ? range.most[i] : most_[at];
        least = range.least[i] < least ? range.least[i] : least;
        beyond_[at] |= range.beyond[i];
      }
      least_[at] = least;
    }
  }

  Peak of(int64_t group, int64_t count, int64_t first, int64_t last, float other = 0) const {
    uint32_t most, least;  // `other` is a value that counts too
    __builtin_memcpy(&most, &other, sizeof most);
    most &= 0x7fffffff;
    least = most - 1;
    uint32_t beyond = 0;
    int64_t line = group % groups_;
    for (int64_t i = 0; i < count; ++i, line = line + 1 < groups_ ? line + 1 : 0)
      for (int64_t s = first / stretch; s * stretch < last && s < stretches_; ++s) {
        int64_t at = line * stretches_ + s;
        most = most_[at] > most ? most_[at] : most;
        least = least_[at] < least ? least_[at] : least;
        beyond |= beyond_[at];
      }
    int exponent = least == ~uint32_t(0) ? 254 : int((least + 1) >> 23);
    float value;
    __builtin_memcpy(&value, &most, sizeof value);
    return {double(value), __builtin_ldexp(1.0, (exponent ? exponent : 1) - 150), !beyond};
  }

 private:
  using Lanes = Vector<uint32_t>;
  static constexpr int64_t lanes = lanes_of<uint32_t>;

  // Ranges of the values in each lane.
  struct Range {
    Lanes most{}, least = ~Lanes{}, beyond{};
    IMGCONV_INLINE void take(Lanes bits) {
      bits &= 0x7fffffff;  // as integers, magnitudes keep their order
      const Lanes over = (Lanes)(bits >= infinity);
      beyond |= over;
      bits &= ~over;
      most = bits > most ? bits : most;
      const Lanes below = bits - 1;  // zero becomes the greatest
      least = below < least ? below : least;
    }
  };

  int64_t groups_ = 0, values_ = 0, stretches_ = 0;
  uint32_t *most_ = nullptr, *least_ = nullptr, *beyond_ = nullptr;
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
