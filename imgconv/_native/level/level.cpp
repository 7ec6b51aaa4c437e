// Everything that is compiled once per instruction set; IMGCONV_LEVEL is its name.
#include "band.hpp"
#include "box.hpp"
#include "box_planes.hpp"
#include "exact.hpp"
#include "fixed_pairs.hpp"
#include "float_box.hpp"
#include "float_rows.hpp"
#include "fourier.hpp"
#include "row_pairs.hpp"
#include "running.hpp"
#include "symmetric.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

using RunBand = Tally (*)(const Task&, int64_t, int64_t);

template <class Src>
RunBand exact_for(Type out) {
  switch (out) {
    case Type::u8: return exact_band<Src, uint8_t>;
    case Type::u16: return exact_band<Src, uint16_t>;
    case Type::i16: return exact_band<Src, int16_t>;
    default: return exact_band<Src, float>;
  }
}

template <class Src>
RunBand wide_for(const Task& task) {
  if (task.plan.arithmetic == Arithmetic::f64) {
    if constexpr (Src(0.5) != 0) return float_band;
    else return taps_band<MacF64, Src>;
  }
  if (task.plan.arithmetic == Arithmetic::fft) return fourier_band<Src>;
  if constexpr (Src(0.5) != 0)
    if (task.plan.arithmetic == Arithmetic::box) return float_box_band;
  return exact_for<Src>(task.type_out);
}

template <class Src>
RunBand whole_for(const Task& task) {
  if (task.plan.arithmetic == Arithmetic::f32) return taps_band<MacF32, Src>;
  if (task.plan.arithmetic == Arithmetic::box) return box_band<Src>;
  if (task.plan.arithmetic == Arithmetic::running) return running_band<Src>;
  return wide_for<Src>(task);
}

#if defined(__SSSE3__)
static Tally short_band(const Task& task, int64_t first, int64_t last) {
  Tally tally;
  if (row_pairs(task, first, last, tally)) return tally;
  return taps_band<MacTaps16, uint8_t>(task, first, last);
}
#endif

static Tally word_band(const Task& task, int64_t first, int64_t last) {
#if defined(__AVX2__)
  Tally tally;
  if (symmetric(task, first, last, tally)) return tally;
  if (fixed_pairs(task, first, last, tally)) return tally;
#endif
  return taps_band<MacDot16, uint8_t>(task, first, last);
}

static Tally byte_box_band(const Task& task, int64_t first, int64_t last) {
  if (!BoxPlanes::serves(task)) return box_band<uint8_t>(task, first, last);
  BoxPlanes(task).run(first, last);
  return {};
}

static RunBand byte_for(const Task& task) {
  switch (task.plan.arithmetic) {
#if defined(__SSSE3__)
    case Arithmetic::taps16: return short_band;
#endif
#if defined(__AVX512VNNI__)
    case Arithmetic::dot8: return taps_band<MacDot8, uint8_t>;
#endif
    case Arithmetic::dot16: return word_band;
    case Arithmetic::box: return byte_box_band;
    default: return whole_for<uint8_t>(task);
  }
}

static Tally band(const Task& task, int64_t first, int64_t last) {
  switch (task.type_in) {
    case Type::u8: return byte_for(task)(task, first, last);
    case Type::u16: return whole_for<uint16_t>(task)(task, first, last);
    case Type::i16: return whole_for<int16_t>(task)(task, first, last);
    default: return wide_for<float>(task)(task, first, last);
  }
}

#if defined(__SSSE3__)
inline constexpr bool has_taps16 = true;
#else
inline constexpr bool has_taps16 = false;
#endif
#if defined(__AVX512VNNI__)
inline constexpr bool has_dot8 = true;
#else
inline constexpr bool has_dot8 = false;
#endif

#define IMGCONV_TEXT_OF(name) #name
#define IMGCONV_TEXT(name) IMGCONV_TEXT_OF(name)
extern const Level level;
const Level level = {IMGCONV_TEXT(IMGCONV_LEVEL), has_taps16, has_dot8, band,
                     rounded_by, transform_weights};

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
