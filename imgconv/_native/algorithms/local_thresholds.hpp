// Thresholds of each pixel's neighbourhood.
//
// Sums of whole pixels are exact, in whatever way they are added up. Every other step is rounded to
// double in the order of scikit-image and SciPy: no pixel near its threshold changes sides.
#pragma once

#include "../pointwise.hpp"
#include "scratch.hpp"
#include "sliding.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

constexpr int64_t local_piece = 512;  // values that are worked on in the nearest cache

template <class Src>
const Src* local_line(const LocalJob& job, int64_t position) {
  return static_cast<const Src*>(job.pixels) + int64_t(job.row_map[position]) * job.columns;
}

// Spread a row over the span of the windows.
template <class T>
void spread_row(const LocalJob& job, const T* from, T* to) {
  const int64_t reach = job.window / 2, span = job.columns + job.window - 1;
  __builtin_memcpy(to + reach, from, size_t(job.columns) * sizeof(T));
  for (int64_t x = 0; x < reach; ++x) to[x] = from[job.column_map[x]];
  for (int64_t x = reach + job.columns; x < span; ++x) to[x] = from[job.column_map[x]];
}

// Sums of pixels, or of their squares, in windows. Sum is double or uint32_t, of which none reaches
// 2**31.
template <class Src, class Sum, bool squares>
class WindowSums {
 public:
  WindowSums(Scratch& scratch, const LocalJob& job)
      : job_(job), down_(scratch.take<Sum>(job.columns)),
        padded_(scratch.take<Sum>(job.columns + job.window + 64) + 1), sliding_(1, job.window) {}

  void begin_row(int64_t row) {
    if (row == row_ + 1) {
      const Src* __restrict in = local_line<Src>(job_, row + job_.window - 1);
      const Src* __restrict out = local_line<Src>(job_, row - 1);
      Sum* __restrict down = down_;
      for (int64_t x = 0; x < job_.columns; ++x) down[x] += term(in[x]) - term(out[x]);
    } else {
      for (int64_t r = 0; r < job_.window; ++r) {
        const Src* __restrict in = local_line<Src>(job_, row + r);
        Sum* __restrict down = down_;
        for (int64_t x = 0; x < job_.columns; ++x) down[x] += term(in[x]);
      }
    }
    row_ = row;
    spread_row(job_, down_, padded_);
    sliding_.begin(padded_);
  }

  // The next sums along the row.
  void run(double* to, int64_t count) {
    sliding_.run(sums_, count);
    for (int64_t x = 0; x < count; ++x)
      if constexpr (sizeof(Sum) == 4) to[x] = double(int32_t(sums_[x]));
      else to[x] = sums_[x];
  }

 private:
  static IMGCONV_INLINE Sum term(Src x) { return squares ? Sum(Sum(x) * Sum(x)) : Sum(x); }

  const LocalJob& job_;
  int64_t row_ = -2;
  Sum *down_, *padded_;
  Sliding<Sum> sliding_;
  Sum sums_[local_piece + 64];
};

template <class Src>
void compare_with(const Src* __restrict pixels, const double* __restrict thresholds, int64_t count,
                  Src white, Src* __restrict to) {
  for (int64_t x = 0; x < count; ++x) to[x] = double(pixels[x]) > thresholds[x] ? white : Src(0);
}

template <class Src, class Sum>
void above_moments(const LocalJob& job, int64_t first, int64_t last, Src* to) {
  Scratch scratch;
  WindowSums<Src, Sum, false> sums(scratch, job);
  WindowSums<Src, Sum, true> squares(scratch, job);
  double means[local_piece + 64], deviations[local_piece + 64];
  const double area = double(job.window * job.window), k = job.k, half = job.half_range;
  const bool sauvola = job.method == Local::sauvola;
  for (int64_t row = first; row < last; ++row) {
    sums.begin_row(row);
    squares.begin_row(row);
    const Src* pixels = static_cast<const Src*>(job.pixels) + row * job.columns;
    for (int64_t x = 0; x < job.columns; x += local_piece) {
      const int64_t left = job.columns - x, count = left < local_piece ? left : local_piece;
      sums.run(means, count);
      squares.run(deviations, count);
      for (int64_t i = 0; i < count; ++i) {
        const double mean = means[i] / area, variance = deviations[i] / area - mean * mean;
        const double deviation = __builtin_sqrt(variance > 0 ? variance : 0.0);
        means[i] = sauvola ? ((deviation / half - 1) * k + 1) * mean : mean - deviation * k;
      }
      compare_with(pixels + x, means, count, Src(job.white), to + (row - first) * job.columns + x);
    }
  }
}

// Sums of means down the columns move along the row by what enters less what leaves, both roundings
// being SciPy's. So each waits for the one before: several rows are done at a time.
template <class Src>
void above_means(const LocalJob& job, int64_t first, int64_t last, Src* to) {
  constexpr int together = 4;
  Scratch scratch;
  const int64_t span = job.columns + job.window - 1;
  double* down = scratch.take<double>(job.columns);
  double* padded = scratch.take<double>(span + 64);
  double* rows[together];
  for (auto& row : rows) row = scratch.take<double>(job.columns + 64);
  const double window = double(job.window);
  for (int64_t row = first; row < last; row += together) {
    const int64_t count = last - row < together ? last - row : together;
    double moving[together] = {};
    for (int64_t r = 0; r < count; ++r) {
      const Src* __restrict in = local_line<Src>(job, row + r + job.window - 1);
      if (row + r > first) {
        const Src* __restrict out = local_line<Src>(job, row + r - 1);
        for (int64_t x = 0; x < job.columns; ++x)
          down[x] += double(int32_t(in[x]) - int32_t(out[x]));
      } else {
        for (int64_t i = 0; i < job.window; ++i) {
          const Src* __restrict line = local_line<Src>(job, row + i);
          for (int64_t x = 0; x < job.columns; ++x) down[x] += double(line[x]);
        }
      }
      for (int64_t x = 0; x < job.columns; ++x) rows[r][x] = down[x] / window;
      spread_row(job, rows[r], padded);
      for (int64_t x = 0; x < job.window; ++x) moving[r] += padded[x];
      rows[r][0] = 0;  // changes from one sum to the next
      for (int64_t x = 1; x < job.columns; ++x)
        rows[r][x] = padded[x + job.window - 1] - padded[x - 1];
    }
    for (int64_t x = 0; x < job.columns; ++x)
      for (int r = 0; r < together; ++r) {
        moving[r] += rows[r][x];
        rows[r][x] = moving[r];
      }
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t x = 0; x < job.columns; ++x) rows[r][x] = rows[r][x] / window - job.offset;
      compare_with(static_cast<const Src*>(job.pixels) + (row + r) * job.columns, rows[r],
                   job.columns, Src(job.white), to + (row + r - first) * job.columns);
    }
  }
}

// A symmetric sum in SciPy's order: the middle, then pairs from the ends on.
template <class Load>
void sum_pairs(const LocalJob& job, int64_t count, double* __restrict to, Load pixels) {
  constexpr int vectors = 4;
  constexpr int64_t lanes = lanes_of<double>;
  const int64_t reach = job.window / 2;
  for (int64_t x = 0; x < count; x += vectors * lanes) {
    Vector<double> sums[vectors];
    IMGCONV_UNROLL(4)
    for (int v = 0; v < vectors; ++v) sums[v] = pixels(reach, x + v * lanes) * job.weights[reach];
    for (int64_t i = 0; i < reach; ++i)
      IMGCONV_UNROLL(4)
      for (int v = 0; v < vectors; ++v)
        sums[v] += (pixels(i, x + v * lanes) + pixels(job.window - 1 - i, x + v * lanes)) *
                   job.weights[i];
    IMGCONV_UNROLL(4)
    for (int v = 0; v < vectors; ++v) store<double>(to + x + v * lanes, sums[v]);
  }
}

template <class Src>
void above_gaussian(const LocalJob& job, int64_t first, int64_t last, Src* to) {
  Scratch scratch;
  const int64_t room = job.columns + 64, span = job.columns + job.window + 64;
  double* ring = scratch.take<double>(job.window * room);  // source rows
  double *down = scratch.take<double>(room), *padded = scratch.take<double>(span);
  auto** lines = scratch.take<const double*>(job.window);
  int64_t filled = first;
  for (int64_t row = first; row < last; ++row) {
    for (; filled < row + job.window; ++filled) {
      const Src* __restrict line = local_line<Src>(job, filled);
      double* __restrict at = ring + filled % job.window * room;
      for (int64_t x = 0; x < job.columns; ++x) at[x] = double(line[x]);
    }
    for (int64_t i = 0, slot = row % job.window; i < job.window; ++i) {
      lines[i] = ring + slot * room;
      if (++slot == job.window) slot = 0;
    }
    sum_pairs(job, job.columns, down,
              [&](int64_t i, int64_t x) { return load<double>(lines[i] + x); });
    spread_row(job, down, padded);
    sum_pairs(job, job.columns, down,
              [&](int64_t i, int64_t x) { return load<double>(padded + i + x); });
    for (int64_t x = 0; x < job.columns; ++x) down[x] -= job.offset;
    compare_with(static_cast<const Src*>(job.pixels) + row * job.columns, down, job.columns,
                 Src(job.white), to + (row - first) * job.columns);
  }
}

template <class Src>
void above_local_as(const LocalJob& job, int64_t first, int64_t last, Src* to) {
  if (job.method == Local::mean) return above_means<Src>(job, first, last, to);
  if (job.method == Local::gaussian) return above_gaussian<Src>(job, first, last, to);
  const double peak = sizeof(Src) == 1 ? 255 : 65535;
  if (peak * peak * double(job.window) * double(job.window) < 0x1p31)
    return above_moments<Src, uint32_t>(job, first, last, to);
  above_moments<Src, double>(job, first, last, to);
}

void above_local(const LocalJob& job, int64_t first, int64_t last, void* to) {
  if (job.type == Type::u8) above_local_as(job, first, last, static_cast<uint8_t*>(to));
  else above_local_as(job, first, last, static_cast<uint16_t*>(to));
}

}  // namespace
}  // namespace IMGCONV_ISA
}  // namespace imgconv
