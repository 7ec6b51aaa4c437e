// Values of a float picture from sums in double, rounded once.
#pragma once

#include <type_traits>

#include "lanes.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

static inline bool is_power_of_two(i128 n) { return (n & (n - 1)) == 0; }

// What is known of the sums of a piece.
struct Bound {
  double error;      // how far off they put values
  double least = 0;  // where that is 0: the magnitude of which all sums are multiples, and
  double room = 0;   // how many times as large they could be and still be doubles
  bool finite = true;  // else some are not numbers, or infinite
  double relative = 0;  // how far off they put values beside that, per unit of them
};

// How sums become values.
enum class Rounds {
  once,      // they are exact, and so is the product with the gain
  quotient,  // they are exact, and divided
  between,   // both ends of an interval are rounded
};

// What a task says of the steps from sums to floats.
struct FloatSteps {
  double added = 0, gain = 1, factor = 1, denominator = 1;
  double relative = 0;  // how far the steps put a value off
  bool absolute = false;
  bool exact = false;      // gain and added are what they stand for
  bool shifts = false;     // and the gain is a power of two
  bool divides = false;    // Rounds::quotient serves where the bound allows
  bool has_bound = false;  // the error of sums that are not exact has these steps in it

  explicit FloatSteps(const Task& task) {
    if (task.type_out != Type::f32) return;
    const Quotient& q = task.quotient;
    factor = to_double(q.factor);
    denominator = to_double(q.denominator);
    added = to_double(q.added) / denominator;
    gain = factor / denominator;
    const i128 most = i128(1) << 53, size = q.added < 0 ? -q.added : q.added;
    exact = is_power_of_two(q.denominator) && q.factor < most && size < most;
    shifts = is_power_of_two(q.factor) && is_power_of_two(q.denominator);
    relative = shifts && !q.added ? 0 : task.plan.relative_bound;
    absolute = q.absolute;
    divides = !q.added && q.denominator <= 1 << 28 && q.factor < i128(1) << 53;
    has_bound = task.type_in == Type::f32;
  }
};

class FloatFinish {
 public:
  FloatFinish(const FloatSteps& steps, Bound bound)
      : steps_(steps),
        relative_(bound.error && steps.has_bound ? bound.relative : steps.relative),
        fixed_(bound.error + 2 * relative_ * __builtin_fabs(steps.added)),
        inverse_(1 / steps.denominator), bounded_(bound.error < __builtin_inf()) {
    if (steps.added != 0 && adds_exactly(bound)) relative_ = fixed_ = 0;
    bool normal = bound.least * steps.gain >= 0x1p-125;  // none is between 0 and normal floats
    bool fits = bound.room >= 2 * steps.factor;
    if (!relative_ && !fixed_) rounds_ = Rounds::once;
    else if (!bound.error && steps.divides && fits && normal && bound.finite)
      rounds_ = Rounds::quotient;
  }

  Rounds rounds() const { return rounds_; }

  // Whether sums in float that are exact become values in one step that rounds once.
  bool serves_floats() const {
    const float gain = float(steps_.gain), added = float(steps_.added);
    const bool once = Simd::fuses || (rounds_ == Rounds::once && added == 0);
    return steps_.exact && once && double(gain) == steps_.gain && double(added) == steps_.added;
  }

  // Whether such sums become values in one division.
  bool divides_floats() const {
    return rounds_ == Rounds::quotient && steps_.factor == 1 && steps_.denominator <= 0x1p24;
  }

  // Round sums; tell which are undecided.
  template <Rounds rounds>
  IMGCONV_INLINE Flags<double> operator()(Vector<double> sums,
                                                            NarrowFloats& values) const {
    if constexpr (rounds == Rounds::quotient) {
      if (steps_.absolute) sums = Simd::magnitude<double>(sums);
      values = Simd::narrowed(divided(sums)) + 0.0f;
      return Flags<double>{};
    }
    Vector<double> value =
        MacF64::mac(splat<double>(steps_.added), sums, splat<double>(steps_.gain));
    Vector<double> size = value, off = splat<double>(fixed_);
    if (steps_.absolute || relative_) size = Simd::magnitude<double>(value);
    if (steps_.absolute) value = size;
    if constexpr (rounds == Rounds::once) {
      values = Simd::narrowed(value) + 0.0f;
      return Flags<double>{};
    }
    if (relative_) off = MacF64::mac(off, size, splat<double>(relative_));
    NarrowFloats below = Simd::narrowed(value - off);
    values = Simd::narrowed(value + off) + 0.0f;
    Flags<double> undecided = Simd::differ(below, values);
    // Where the bound holds, what is not a number has seen what is not finite, and is right.
    return bounded_ ? undecided & ~Simd::differ<double>(value, value) : undecided;
  }

 private:
  // Whether exact sums times the gain, and what is added, are multiples of a power of two and less
  // than 2**52 of it, so that adding them is exact.
  bool adds_exactly(Bound bound) const {
    if (bound.error || !steps_.exact || !steps_.shifts || bound.room < 2) return false;
    const double units = steps_.added / (bound.least * steps_.gain);
    return __builtin_fabs(units) < 0x1p52 && units == __builtin_rint(units);
  }

  // The sum times factor / denominator, off by so little that it rounds to the float that the
  // quotient itself rounds to. A quotient that is not the middle of two floats is a double's unit
  // in the last place from it, or more: what is between them is a multiple either of least /
  // denominator, of which the quotient has less than 2**52, or of the middle's 25th bit /
  // denominator, which is at most 2**28. The remainder of the first guess is exact, for it is a
  // small multiple of that guess's last bit: with it, a middle comes out itself, and what is no
  // middle stays on its side.
  IMGCONV_INLINE Vector<double> divided(Vector<double> sums) const {
    if (steps_.factor != 1) sums = sums * steps_.factor;
    if constexpr (!Simd::fuses) return sums / steps_.denominator;
    Vector<double> guess = sums * inverse_;
    Vector<double> rest = MacF64::mac(sums, -guess, splat<double>(steps_.denominator));
    return MacF64::mac(guess, rest, splat<double>(inverse_));
  }

  FloatSteps steps_;  // a copy, that compilers can keep in registers
  double relative_, fixed_, inverse_;
  bool bounded_;
  Rounds rounds_ = Rounds::between;
};

// Call use(a constant Rounds) for the way in which a finish rounds.
template <class Use>
IMGCONV_INLINE void with_rounds(const FloatFinish& finish, Use use) {
  switch (finish.rounds()) {
    case Rounds::once: return use(std::integral_constant<Rounds, Rounds::once>());
    case Rounds::quotient: return use(std::integral_constant<Rounds, Rounds::quotient>());
    default: return use(std::integral_constant<Rounds, Rounds::between>());
  }
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
