// Large kernels by fast convolution: overlapping tiles, two real ones in each complex transform.
//
// A tile's columns are transformed, then its rows, multiplied by the kernel's spectrum and turned
// back; what wraps around is not used. Sums of whole numbers that are off by less than a half are
// rounded to themselves; others come with the plan's bound, per unit of the largest float pixel.
#pragma once

#include "finish.hpp"
#include "peaks.hpp"
#include "transform.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

// One tile of complex numbers, and the passes over it.
class Plane {
 public:
  Plane(Scratch& scratch, const Spectrum& s)
      : down_{s.rows, s.row_cosines, s.row_sines},
        along_{s.columns, s.column_cosines, s.column_sines},
        pitch_(s.columns + 8),
        re_(scratch.take<double>(s.rows * pitch_)),
        im_(scratch.take<double>(s.rows * pitch_)),
        turned_(scratch.take<double>(2 * s.columns * real_lanes)) {}

  double* row(int64_t r, bool imaginary) const { return (imaginary ? im_ : re_) + r * pitch_; }

  void columns_forward() const {
    for (int64_t x = 0; x < along_.n; x += real_lanes)
      forward({re_ + x, im_ + x, pitch_}, down_);
  }

  void columns_inverse() const {
    for (int64_t x = 0; x < along_.n; x += real_lanes)
      inverse({re_ + x, im_ + x, pitch_}, down_);
  }

  // Give use(lines, first) a few transformed rows at a time, in lanes; what it leaves of them is
  // turned back if `back` says so.
  template <bool back, class Use>
  void rows(Use use) const {
    Columns lines{turned_, turned_ + along_.n * real_lanes, real_lanes};
    for (int64_t r = 0; r < down_.n; r += real_lanes) {
      for (int64_t x = 0; x < along_.n; x += real_lanes) {
        transpose(re_ + r * pitch_ + x, pitch_, lines.re + x * real_lanes, real_lanes);
        transpose(im_ + r * pitch_ + x, pitch_, lines.im + x * real_lanes, real_lanes);
      }
      forward(lines, along_);
      use(lines, r * along_.n);
      if (!back) continue;
      inverse(lines, along_);
      for (int64_t x = 0; x < along_.n; x += real_lanes) {
        transpose(lines.re + x * real_lanes, real_lanes, re_ + r * pitch_ + x, pitch_);
        transpose(lines.im + x * real_lanes, real_lanes, im_ + r * pitch_ + x, pitch_);
      }
    }
  }

 private:
  Roots down_, along_;
  int64_t pitch_;
  double *re_, *im_, *turned_;
};

// The conjugate spectrum of weights, over the number of points, in the order of Plane::rows.
static inline void transform_weights(const Spectrum& s, const double* weights, int64_t rows,
                                     int64_t columns, double* re, double* im) {
  Scratch scratch;
  Plane plane(scratch, s);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) plane.row(r, false)[c] = weights[r * columns + c];
  plane.columns_forward();
  const double scale = 1.0 / double(s.rows * s.columns);  // a power of two
  plane.rows<false>([&](const Columns& lines, int64_t first) {
    for (int64_t i = 0; i < s.columns * real_lanes; ++i) {
      re[first + i] = lines.re[i] * scale;
      im[first + i] = -lines.im[i] * scale;
    }
  });
}

template <class Src>
class Fourier {
 public:
  explicit Fourier(const Task& task)
      : task_(task), spectrum_(*task.spectrum),
        finish_{task, exact_values<Src>, nullptr, nullptr, 0, {}},
        plane_(scratch_, spectrum_) {
    high_ = spectrum_.rows - task.rows.taps + 1;
    wide_ = spectrum_.columns - task.columns.taps + 1;
    pitch_ = 2 * wide_ * task.channels + 64;
    sums_ = scratch_.take<double>(high_ * pitch_);
    finish_.stage = scratch_.take<double>(piece_values + 64);
    finish_.open = scratch_.take<int32_t>(piece_values + 64);
  }

  Tally run(int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row += high_)
      for (int64_t column = 0; column < task_.columns.out; column += 2 * wide_)
        two_tiles(row, last - row < high_ ? last - row : high_, column);
    return finish_.tally;
  }

 private:
  void two_tiles(int64_t row, int64_t rows, int64_t column) {
    int64_t left = task_.columns.out - column, count = left < 2 * wide_ ? left : 2 * wide_;
    most_ = 0;
    for (int64_t channel = 0; channel < task_.channels; ++channel) {
      for (int64_t r = 0; r < spectrum_.rows; ++r) {
        bool some = r < rows + task_.rows.taps - 1;
        read(some ? row + r : -1, column, channel, plane_.row(r, false));
        read(some && count > wide_ ? row + r : -1, column + wide_, channel, plane_.row(r, true));
      }
      convolve();
      for (int64_t r = 0; r < rows; ++r) {
        write(plane_.row(r, false), count < wide_ ? count : wide_, channel, sums_ + r * pitch_);
        write(plane_.row(r, true), count - wide_, channel,
              sums_ + r * pitch_ + wide_ * task_.channels);
      }
    }
    for (int64_t r = 0; r < rows; ++r) finish(row + r, column, count, sums_ + r * pitch_);
  }

  void convolve() const {
    plane_.columns_forward();
    plane_.template rows<true>([&](const Columns& lines, int64_t first) {
      const double *re = spectrum_.re + first, *im = spectrum_.im + first;
      for (int64_t i = 0; i < spectrum_.columns; ++i) {
        int64_t at = i * real_lanes;
        lines.put(i, product(lines.get(i), load<double>(re + at), load<double>(im + at)));
      }
    });
    plane_.columns_inverse();
  }

  // Read one channel of a row of the span from a position on; beyond the span stands 0.
  void read(int64_t row, int64_t position, int64_t channel, double* __restrict to) {
    int64_t count = spectrum_.columns, span = task_.columns.span();
    int64_t known = row < 0 || position >= span ? 0 : span - position;
    if (known > count) known = count;
    for (int64_t i = known; i < count; ++i) to[i] = 0;
    if (!known) return;
    int32_t at = task_.row_map[row];
    const unsigned char* bytes =
        at < 0 ? task_.constant_row : task_.source + at * task_.source_stride;
    const Src* __restrict line = reinterpret_cast<const Src*>(bytes) + channel;
    int64_t before = task_.columns.before - position, channels = task_.channels;
    int64_t inside = before < 0 ? 0 : before < known ? before : known;
    int64_t after = before + task_.columns.length;
    after = after < inside ? inside : after < known ? after : known;
    outside(line, position, 0, inside, to);
    const Src* __restrict from = line + (inside - before) * channels;
    if (channels == 1) for (int64_t i = inside; i < after; ++i) to[i] = double(from[i - inside]);
    else for (int64_t i = inside; i < after; ++i) to[i] = double(from[(i - inside) * channels]);
    outside(line, position, after, known, to);
    note_most(to, known);
  }

  void outside(const Src* line, int64_t position, int64_t first, int64_t last, double* to) const {
    for (int64_t i = first; i < last; ++i) {
      int32_t at = task_.column_map[position + i];
      to[i] = double(at < 0 ? Src(task_.constant) : line[at * task_.channels]);
    }
  }

  void note_most(const double* values, int64_t count) {
    if constexpr (Src(0.5) != 0) {
      uint64_t most = most_;  // as integers, magnitudes keep their order, and NaN is largest
      for (int64_t i = 0; i < count; ++i) {
        uint64_t bits;
        __builtin_memcpy(&bits, values + i, sizeof bits);
        bits &= ~(uint64_t(1) << 63);
        most = bits > most ? bits : most;
      }
      most_ = most;
    }
  }

  void write(const double* from, int64_t count, int64_t channel, double* to) const {
    int64_t channels = task_.channels;
    to += channel;
    if (task_.plan.whole && channels == 1)
      for (int64_t x = 0; x < count; ++x) to[x] = __builtin_rint(from[x]) + 0.0;
    else if (task_.plan.whole)
      for (int64_t x = 0; x < count; ++x) to[x * channels] = __builtin_rint(from[x]) + 0.0;
    else
      for (int64_t x = 0; x < count; ++x) to[x * channels] = from[x];
  }

  void finish(int64_t row, int64_t column, int64_t count, double* sums) {
    Bound bound = whole_bound(task_);
    if constexpr (Src(0.5) != 0) {
      double most;
      __builtin_memcpy(&most, &most_, sizeof most);
      bound = {most < 1e39 ? bound.error * most + task_.plan.bound_fixed : __builtin_inf()};
    }
    int64_t first = column * task_.channels, values = count * task_.channels;
    FinishPiece piece = finish_for<double>(task_.type_out);
    for (int64_t x = 0; x < values; x += piece_values)
      piece(finish_, sums + x, row, first + x, values - x < piece_values ? values - x : piece_values,
            bound);
  }

  const Task& task_;
  const Spectrum& spectrum_;
  Scratch scratch_;
  Finish finish_;
  Plane plane_;
  int64_t high_, wide_, pitch_;
  double* sums_;
  uint64_t most_ = 0;
};

template <class Src>
Tally fourier_band(const Task& task, int64_t first, int64_t last) {
  return Fourier<Src>(task).run(first, last);
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
