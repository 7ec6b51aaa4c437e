// Everything that is compiled once per instruction set; IMGCONV_ISA is its name.
#include "band.hpp"
#include "box.hpp"
#include "box_planes.hpp"
#include "exact.hpp"
#include "word_pairs.hpp"
#include "float_box.hpp"
#include "float_rows.hpp"
#include "fourier.hpp"
#include "row_pairs.hpp"
#include "running.hpp"
#include "symmetric.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

using RunBand = Counts (*)(const Task&, int64_t, int64_t);

template <class Src>
RunBand wide_for(const Task& task) {
  if (task.plan.algorithm == Algorithm::f64) {
    if constexpr (is_floating<Src>) return float_band;
    else return taps_band<MacF64, Src>;
  }
  if (task.plan.algorithm == Algorithm::fft) return fourier_band<Src>;
  if constexpr (is_floating<Src>)
    if (task.plan.algorithm == Algorithm::box) return float_box_band;
  return exact_band<Src>;
}

template <class Src>
RunBand whole_for(const Task& task) {
  if (task.plan.algorithm == Algorithm::f32) return taps_band<MacF32, Src>;
  if (task.plan.algorithm == Algorithm::box) return box_band<Src>;
  if (task.plan.algorithm == Algorithm::running) return running_band<Src>;
  return wide_for<Src>(task);
}

template <class S>
Counts taps16_band(const Task& task, int64_t first, int64_t last) {
  Counts counts;
  if (row_pairs<S>(task, first, last, counts)) return counts;
  return taps_band<typename S::MacTaps16, uint8_t>(task, first, last);
}

template <class S>
Counts dot16_band(const Task& task, int64_t first, int64_t last) {
  Counts counts;
  if constexpr (S::has_symmetric)
    if (symmetric<S>(task, first, last, counts)) return counts;
  if constexpr (S::has_word_pairs)
    if (word_pairs<S>(task, first, last, counts)) return counts;
  return taps_band<typename S::template MacDot16<S>, uint8_t>(task, first, last);
}

static Counts byte_box_band(const Task& task, int64_t first, int64_t last) {
  if (!BoxPlanes::serves(task)) return box_band<uint8_t>(task, first, last);
  BoxPlanes(task).run(first, last);
  return {};
}

template <class S>
RunBand byte_for(const Task& task) {
  if constexpr (S::has_taps16)
    if (task.plan.algorithm == Algorithm::taps16) return taps16_band<S>;
  if constexpr (S::has_dot8)
    if (task.plan.algorithm == Algorithm::dot8) return taps_band<typename S::MacDot8, uint8_t>;
  if (task.plan.algorithm == Algorithm::dot16) return dot16_band<S>;
  if (task.plan.algorithm == Algorithm::box) return byte_box_band;
  return whole_for<uint8_t>(task);
}

static Counts band(const Task& task, int64_t first, int64_t last) {
  switch (task.type_in) {
    case Type::u8: return byte_for<Simd>(task)(task, first, last);
    case Type::u16: return whole_for<uint16_t>(task)(task, first, last);
    case Type::i16: return whole_for<int16_t>(task)(task, first, last);
    default: return wide_for<float>(task)(task, first, last);
  }
}

#define IMGCONV_TEXT_OF(name) #name
#define IMGCONV_TEXT(name) IMGCONV_TEXT_OF(name)
extern const Pointwise pointwise;
void run_network(const NetworkJob&);
void run_medians(const WindowsJob&);
extern const Isa isa;  // data alone: it is read before the CPU is known to have the instructions
const Isa isa = {IMGCONV_TEXT(IMGCONV_ISA),
                 Simd::needs,
                 {vector_bytes, Simd::fuses, Simd::has_taps16, Simd::has_dot8,
                  Simd::has_word_pairs, Simd::has_symmetric},
                 band,
                 rounded_by,
                 transform_weights,
                 &pointwise,
                 run_network,
                 run_medians};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
