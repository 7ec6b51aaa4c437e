// Sums of a layer: windows of many channels times many filters, in double.
//
// A row of windows becomes doubles first. Then a few neighbouring windows and a few vectors of
// filters at a time: their sums stay in registers while a stretch of taps is added to them, of which
// the weights stay in the nearest cache for the whole row.
#pragma once

#include <algorithm>

#include "../pointwise.hpp"
#include "scratch.hpp"
#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

class LayerSums {
 public:
  explicit LayerSums(const LayerJob& job)
      : job_(job),
        line_(job.channels * ((job.columns - 1) * job.stride +
                              (job.tap_columns - 1) * job.dilation + 1)),
        used_((job.filters + lanes - 1) / lanes * lanes),
        lines_(scratch_.untouched<double>(job.tap_planes * job.tap_rows * line_)),
        sums_(scratch_.untouched<double>(job.columns * used_)) {}

  void run(double* to) {
    for (int64_t row = 0; row < job_.rows; ++row) {
      widen(row);
      for (int64_t f = 0; f < used_;) {
        const int64_t vectors = (used_ - f) / lanes;
        if (vectors >= 4) f += filters<4>(f);
        else if (vectors >= 2) f += filters<2>(f);
        else f += filters<1>(f);
      }
      for (int64_t x = 0; x < job_.columns; ++x, to += job_.filters)
        std::copy_n(sums_ + x * used_, job_.filters, to);
    }
  }

 private:
  static constexpr int64_t lanes = lanes_of<double>;
  static constexpr int registers = vector_bytes >= 64 ? 24 : 12;  // for sums
  static constexpr int64_t stretch = 96;  // taps; of four vectors of weights this fits the L1 cache

  // Make doubles of all that a row of windows sees.
  void widen(int64_t row) {
    double* to = lines_;
    for (int64_t d = 0; d < job_.tap_planes; ++d)
      for (int64_t r = 0; r < job_.tap_rows; ++r, to += line_) {
        const unsigned char* from =
            job_.source + row * job_.row_step + d * job_.plane_tap + r * job_.row_tap;
        switch (job_.type) {
          case Type::u8: widen_line<uint8_t>(from, to); break;
          case Type::u16: widen_line<uint16_t>(from, to); break;
          case Type::i16: widen_line<int16_t>(from, to); break;
          default: widen_line<float>(from, to);
        }
      }
  }

  template <class Src>
  void widen_line(const unsigned char* from, double* to) const {
    const bool dense = job_.pixel_step == job_.channels * int64_t(sizeof(Src));
    const int64_t values = dense ? line_ : job_.channels;
    for (int64_t i = 0; i < line_; i += values, from += job_.pixel_step)
      for (int64_t c = 0; c < values; ++c) to[i + c] = double(reinterpret_cast<const Src*>(from)[c]);
  }

  // Sum some vectors of filters for the whole row; returns how many filters.
  template <int vectors>
  int64_t filters(int64_t first) {
    bool begins = true;
    // With a dilation of 1 the taps of a row are neighbours.
    const bool near = job_.dilation == 1;
    const int64_t run = job_.channels * (near ? job_.tap_columns : 1);
    const int64_t runs = job_.tap_planes * job_.tap_rows;
    for (int64_t line = 0, tap = 0; line < runs; ++line)
      for (int64_t c = 0; c < (near ? 1 : job_.tap_columns); ++c)
        for (int64_t at = 0; at < run; at += stretch) {
          const int64_t count = std::min(stretch, run - at);
          const double* from = lines_ + line * line_ + c * job_.dilation * job_.channels + at;
          add<vectors>(from, job_.weights + tap * job_.pitch + first, count, first, begins);
          tap += count;
          begins = false;
        }
    return vectors * lanes;
  }

  template <int vectors>
  void add(const double* from, const double* weights, int64_t taps, int64_t first, bool begins) {
    constexpr int windows = registers / vectors < 12 ? registers / vectors : 12;
    int64_t x = 0;
    for (; x + windows <= job_.columns; x += windows)
      add_to<windows, vectors>(from, weights, taps, x, first, begins);
    for (; x < job_.columns; ++x) add_to<1, vectors>(from, weights, taps, x, first, begins);
  }

  template <int windows, int vectors>
  IMGCONV_INLINE void add_to(const double* from, const double* weights, int64_t taps, int64_t x,
                             int64_t first, bool begins) {
    const int64_t step = job_.stride * job_.channels;
    double* to = sums_ + x * used_ + first;
    from += x * step;
    Vector<double> sums[windows][vectors];
    IMGCONV_UNROLL(12)
    for (int w = 0; w < windows; ++w)
      IMGCONV_UNROLL(4)
      for (int v = 0; v < vectors; ++v)
        sums[w][v] = begins ? Vector<double>{} : load<double>(to + w * used_ + v * lanes);
    for (int64_t tap = 0; tap < taps; ++tap, weights += job_.pitch) {
      Vector<double> weight[vectors];
      IMGCONV_UNROLL(4)
      for (int v = 0; v < vectors; ++v) weight[v] = load<double>(weights + v * lanes);
      IMGCONV_UNROLL(12)
      for (int w = 0; w < windows; ++w) {
        const Vector<double> pixel = splat<double>(from[w * step + tap]);
        IMGCONV_UNROLL(4)
        for (int v = 0; v < vectors; ++v) sums[w][v] = MacF64::mac(sums[w][v], pixel, weight[v]);
      }
    }
    IMGCONV_UNROLL(12)
    for (int w = 0; w < windows; ++w)
      IMGCONV_UNROLL(4)
      for (int v = 0; v < vectors; ++v) store<double>(to + w * used_ + v * lanes, sums[w][v]);
  }

  const LayerJob& job_;
  Scratch scratch_;
  int64_t line_, used_;  // values of a line, filters in whole vectors
  double *lines_, *sums_;
};

void layer_sums(const LayerJob& job, double* to) { LayerSums(job).run(to); }

// Round sums times gains and with what is added to floats; returns how many may be rounded the other
// way, and where.
int64_t settle(const LayerFinish& finish, const double* sums, int64_t windows, float* to,
               int32_t* doubts) {
  int64_t found = 0;
  const int64_t filters = finish.filters;
  for (int64_t x = 0; x < windows; ++x, sums += filters, to += filters) {
    int32_t differs = 0;
    for (int64_t f = 0; f < filters; ++f) {
      const double scaled = sums[f] * finish.gains[f], value = scaled + finish.added[f];
      const double size = __builtin_fabs(scaled) + __builtin_fabs(finish.added[f]);
      const double error = finish.fixed[f] + finish.relative[f] * size;
      const float above = float(value + error), below = float(value - error);
      to[f] = above + 0.0f;
      differs |= int32_t(!(above == below));
    }
    if (!differs) continue;
    for (int64_t f = 0; f < filters; ++f) {
      const double scaled = sums[f] * finish.gains[f], value = scaled + finish.added[f];
      const double size = __builtin_fabs(scaled) + __builtin_fabs(finish.added[f]);
      const double error = finish.fixed[f] + finish.relative[f] * size;
      if (!(float(value + error) == float(value - error)))
        doubts[found++] = int32_t(x * filters + f);
    }
  }
  return found;
}

}  // namespace
}  // namespace IMGCONV_ISA
}  // namespace imgconv
