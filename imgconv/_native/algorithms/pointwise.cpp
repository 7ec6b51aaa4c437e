// What is done to values one by one, compiled once for each instruction set.
#include "../pointwise.hpp"

#include "layer_sums.hpp"
#include "local_thresholds.hpp"
#include "set_values.hpp"
#include "weighted_means.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

// A block of sums stays in registers while all taps are added to it.
void ordered_sums(const OrderedTaps& taps, const float* from, int64_t count, double* to) {
  constexpr int vectors = 8;
  constexpr int64_t lanes = lanes_of<double>;
  int64_t x = 0;
  for (; x + vectors * lanes <= count; x += vectors * lanes) {
    Vector<double> sums[vectors];
    IMGCONV_UNROLL(8)
    for (int v = 0; v < vectors; ++v) sums[v] = Vector<double>{};
    for (int64_t i = 0; i < taps.count; ++i) {
      const float* at = from + x + taps.offsets[i];
      Vector<double> weight = splat<double>(taps.weights[i]);
      IMGCONV_UNROLL(8)
      for (int v = 0; v < vectors; ++v) sums[v] += Simd::load_pixels(at + v * lanes) * weight;
    }
    IMGCONV_UNROLL(8)
    for (int v = 0; v < vectors; ++v) store<double>(to + x + v * lanes, sums[v]);
  }
  for (; x < count; ++x) {
    double sum = 0;
    for (int64_t i = 0; i < taps.count; ++i)
      sum += double(from[x + taps.offsets[i]]) * taps.weights[i];
    to[x] = sum;
  }
}

IMGCONV_INLINE int32_t cell_of(const Beginnings& levels, double x) {
  return int32_t(x * levels.cells);
}
IMGCONV_INLINE int32_t level_of(const Beginnings& levels, double x, int32_t cell) {
  return levels.base[cell] + (x >= levels.edge[cell]);
}

// The cells of some values by vectors, and then what stands in them.
template <class Out>
int64_t encode_as(const Beginnings& levels, double unit, const float* __restrict light,
                  int64_t count, Out* __restrict to) {
  constexpr int64_t some = 256;
  const float scale = float(levels.cells * unit);  // a power of two
  float values[some];
  int32_t cells[some];
  int64_t outside = 0;
  for (int64_t at = 0; at < count; at += some) {
    const int64_t part = count - at < some ? count - at : some;
    int32_t beyond = 0;
    for (int64_t i = 0; i < part; ++i) {
      float x = light[at + i];
      beyond += int32_t(x < 0) | int32_t(x > 1);
      x = x > 0 ? x : 0;  // what is not a number becomes 0
      values[i] = x < 1 ? x : 1;
      cells[i] = int32_t(values[i] * scale);
    }
    for (int64_t i = 0; i < part; ++i)
      to[at + i] = Out(levels.base[cells[i]] + (values[i] >= levels.near[cells[i]]));
    outside += beyond;
  }
  return outside;
}

int64_t encode(const Beginnings& levels, double unit, const float* light, int64_t count, Type type,
               void* to) {
  if (type == Type::u8)
    return encode_as(levels, unit, light, count, static_cast<uint8_t*>(to));
  return encode_as(levels, unit, light, count, static_cast<uint16_t*>(to));
}

template <class Level>
void encode_mean_as(const Beginnings& levels, const int64_t* table, const int64_t* weights,
                    int64_t total, const Level* __restrict image, int64_t pixels,
                    Level* __restrict to) {
  for (int64_t i = 0; i < pixels; ++i) {
    int64_t sum = 0;
    for (int c = 0; c < 3; ++c) sum += table[image[3 * i + c]] * weights[c];
    const double x = double(sum) / double(total);
    to[i] = Level(level_of(levels, x, cell_of(levels, x)));
  }
}

void encode_mean(const Beginnings& levels, const int64_t* table, const int64_t* weights,
                 int64_t total, Type type, const void* image, int64_t pixels, void* to) {
  if (type == Type::u8)
    encode_mean_as(levels, table, weights, total, static_cast<const uint8_t*>(image), pixels,
                   static_cast<uint8_t*>(to));
  else
    encode_mean_as(levels, table, weights, total, static_cast<const uint16_t*>(image), pixels,
                   static_cast<uint16_t*>(to));
}

}  // namespace

Counts weighed_band(const Task& task, int64_t first, int64_t last);  // weighed.cpp

extern const Pointwise pointwise;
const Pointwise pointwise = {weight_bits, note_bits,   weigh,  premultiply, means,
                             combine,     directions,  ordered_sums, encode, encode_mean,
                             above_local, layer_sums,  settle, weighed_band};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
