// The range of magnitudes in stretches of source rows, and of their last bits: error bounds of float
// images follow them.
#pragma once

#include "float_finish.hpp"
#include "scratch.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// The largest finite magnitude, a power of two of which all values are multiples, and whether all
// are finite, and some below 0. Where one is not finite, sums that see it are not finite themselves,
// and need no bound.
struct Peak {
  double most, unit;
  bool finite = true, negative = true;
};

static inline Bound bound_for(const Plan& plan, Peak peak) {
  double span = plan.exact_span * peak.unit;
  if (plan.scaled && peak.most < span) return {0, peak.unit, span / peak.most, peak.finite};
  if (plan.value_bound && !peak.negative) return {plan.bound_fixed, 0, 0, true, plan.value_bound};
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
  static constexpr int64_t stretch = 512;
  static constexpr uint32_t infinity = 0x7f800000, beyond = 1, below = 2;
  Peaks() = default;
  Peaks(Scratch& scratch, int64_t groups, int64_t values)
      : groups_(groups), values_(values), stretches_(values / stretch + 1) {
    most_ = scratch.take<uint32_t>(groups * stretches_);
    least_ = scratch.take<uint32_t>(groups * stretches_);
    flags_ = scratch.take<uint32_t>(groups * stretches_);
  }

  int64_t stretches() const { return stretches_; }

  void note(int64_t group, const float* row) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(row);
    note(group, &bytes, 1, 0, stretches_);
  }

  // Note some stretches of rows that make one group.
  void note(int64_t group, const unsigned char* const* rows, int64_t count, int64_t first,
            int64_t after) {
    for (int64_t s = first; s < after; ++s) {
      const int64_t begin = s * stretch, left = values_ - begin;
      const int64_t values = left < stretch ? left : stretch;
      Range range;
      for (int64_t i = 0; i < count; ++i)
        range.take<true>(reinterpret_cast<const float*>(rows[i]) + begin, values);
      const int64_t at = group % groups_ * stretches_ + s;
      most_[at] = range.most_of_all();
      flags_[at] = range.is_negative() ? below : 0;
      if (most_[at] >= infinity) {
        flags_[at] |= beyond;
        range = {};
        for (int64_t i = 0; i < count; ++i)
          range.take<false>(reinterpret_cast<const float*>(rows[i]) + begin, values);
        most_[at] = range.most_of_all();
      }
      least_[at] = range.least_of_all();
    }
  }

  Peak of(int64_t group, int64_t count, int64_t first, int64_t last, float other = 0) const {
    Range constant;  // a value that counts too
    constant.take(bits_of(other));
    uint32_t most = constant.most[0], least = constant.least[0];
    uint32_t flags = constant.is_negative() ? below : 0;
    int64_t line = group % groups_;
    for (int64_t i = 0; i < count; ++i, line = line + 1 < groups_ ? line + 1 : 0)
      for (int64_t s = first / stretch; s * stretch < last && s < stretches_; ++s) {
        int64_t at = line * stretches_ + s;
        most = most_[at] > most ? most_[at] : most;
        least = least_[at] < least ? least_[at] : least;
        flags |= flags_[at];
      }
    int exponent = least == ~uint32_t(0) ? 231 : int((least + 1) >> 23);
    float value;
    __builtin_memcpy(&value, &most, sizeof value);
    return {double(value), __builtin_ldexp(1.0, exponent ? exponent - 127 : -149),
            !(flags & beyond), bool(flags & below)};
  }

 private:
  using Lanes = Vector<uint32_t>;
  static constexpr int64_t lanes = lanes_of<uint32_t>;

  // Ranges of magnitudes and of last bits in each lane, as the bits of floats: these keep their
  // order. Of a power of two the last bit may come out as the half of it.
  struct Range {
    Lanes most{}, least = ~Lanes{}, signs{};
    IMGCONV_INLINE void take(Lanes bits) {
      signs |= bits;
      bits &= 0x7fffffff;
      most = bits > most ? bits : most;
      const Lanes rest = bits & (bits - 1);
      const Lanes last = (Lanes)((Vector<float>)bits - (Vector<float>)rest) - 1;
      least = last < least ? last : least;  // that of zero became the greatest
    }

    // All of a row, or what is finite in it. Zeros change nothing.
    template <bool all>
    IMGCONV_INLINE void take(const float* values, int64_t count) {
      for (int64_t x = 0; x < count; x += lanes) {
        Lanes bits{};
        if (x + lanes <= count) bits = load<uint32_t>(values + x);
        else __builtin_memcpy(&bits, values + x, size_t(count - x) * sizeof(float));
        if constexpr (!all) bits &= Lanes((bits & infinity) != infinity);
        take(bits);
      }
    }

    bool is_negative() const { return largest<int(lanes)>(signs) >> 31; }
    uint32_t most_of_all() const { return largest<int(lanes)>(most); }
    uint32_t least_of_all() const { return ~largest<int(lanes)>(~least); }
  };

  static Lanes bits_of(float value) {
    Lanes bits{};
    __builtin_memcpy(&bits, &value, sizeof value);
    return bits;
  }

  template <int count>
  static IMGCONV_INLINE uint32_t largest(typename VectorOf<uint32_t, count>::Type x) {
    if constexpr (count == 1) {
      return x[0];
    } else {
      typename VectorOf<uint32_t, count / 2>::Type halves[2];
      __builtin_memcpy(halves, &x, sizeof x);
      return largest<count / 2>(halves[0] > halves[1] ? halves[0] : halves[1]);
    }
  }

  int64_t groups_ = 0, values_ = 0, stretches_ = 0;
  uint32_t *most_ = nullptr, *least_ = nullptr, *flags_ = nullptr;
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
