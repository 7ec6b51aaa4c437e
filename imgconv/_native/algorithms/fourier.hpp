// Large kernels by fast convolution: overlapping tiles, two real ones in each complex transform.
//
// A tile's rows are transformed as they are read, then its columns, multiplied by the kernel's
// spectrum and turned back, then the rows that are wanted; what wraps around is not used. Sums of
// whole numbers that are off by less than a half are rounded to themselves; others come with the
// plan's bound, per unit of the largest float pixel.
#pragma once

#include "finish.hpp"
#include "peaks.hpp"
#include "transform.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// One tile of complex numbers, and the passes over it: as many rows as a vector has lanes stand
// together, with their numbers side by side, so that all that is read and written lies in long
// stretches.
class Plane {
 public:
  Plane(Scratch& scratch, const Spectrum& s)
      : down_{s.rows, s.row_cosines, s.row_sines},
        along_{s.columns, s.column_cosines, s.column_sines},
        pitch_((s.columns + 4) * Columns::apart),  // so that stretches do not fall onto each other
        numbers_(scratch.untouched<double>(s.rows / real_lanes * pitch_)),
        strip_{scratch.untouched<double>(s.rows * Columns::apart)} {}

  // Transform real_lanes rows, from `first` on, which are `pitch` apart.
  IMGCONV_NOINLINE void put_rows(int64_t first, const double* re, const double* im, int64_t pitch) const {
    Columns lines = rows_from(first);
    for (int64_t x = 0; x < along_.n; x += real_lanes) {
      Simd::transpose(re + x, pitch, lines.re(x), Columns::apart);
      Simd::transpose(im + x, pitch, lines.im(x), Columns::apart);
    }
    forward(lines, along_);
  }

  void put_zeros(int64_t first) const {
    __builtin_memset(rows_from(first).first, 0,
                     size_t(along_.n * Columns::apart) * sizeof(double));
  }

  // Turn such rows back.
  IMGCONV_NOINLINE void take_rows(int64_t first, double* re, double* im, int64_t pitch) const {
    Columns lines = rows_from(first);
    inverse(lines, along_);
    for (int64_t x = 0; x < along_.n; x += real_lanes) {
      Simd::transpose(lines.re(x), Columns::apart, re + x, pitch);
      Simd::transpose(lines.im(x), Columns::apart, im + x, pitch);
    }
  }

  // Give use(strip, first) a few transformed columns at a time; what it leaves of them is turned
  // back if `back` says so.
  template <bool back, class Use>
  void columns(Use use) const {
    for (int64_t x = 0; x < along_.n; x += real_lanes) {
      for (int64_t r = 0; r < down_.n; r += real_lanes) {
        Columns lines = rows_from(r);
        Simd::transpose(lines.re(x), Columns::apart, strip_.re(r), Columns::apart);
        Simd::transpose(lines.im(x), Columns::apart, strip_.im(r), Columns::apart);
      }
      forward(strip_, down_);
      use(strip_, x * down_.n);
      if (!back) continue;
      inverse(strip_, down_);
      for (int64_t r = 0; r < down_.n; r += real_lanes) {
        Columns lines = rows_from(r);
        Simd::transpose(strip_.re(r), Columns::apart, lines.re(x), Columns::apart);
        Simd::transpose(strip_.im(r), Columns::apart, lines.im(x), Columns::apart);
      }
    }
  }

 private:
  Columns rows_from(int64_t first) const { return {numbers_ + first / real_lanes * pitch_}; }

  Roots down_, along_;
  int64_t pitch_;
  double* numbers_;
  Columns strip_;
};

// The conjugate spectrum of weights, over the number of points, in the order of Plane::columns.
static inline void transform_weights(const Spectrum& s, const double* weights, int64_t rows,
                                     int64_t columns, double* re, double* im) {
  Scratch scratch;
  Plane plane(scratch, s);
  auto* lines = scratch.take<double>(s.columns * real_lanes);
  auto* zeros = scratch.take<double>(s.columns * real_lanes);
  for (int64_t first = 0; first < s.rows; first += real_lanes) {
    if (first >= rows) {
      plane.put_zeros(first);
      continue;
    }
    for (int64_t r = 0; r < real_lanes; ++r)
      for (int64_t c = 0; c < columns; ++c)
        lines[r * s.columns + c] = first + r < rows ? weights[(first + r) * columns + c] : 0;
    plane.put_rows(first, lines, zeros, s.columns);
  }
  const double scale = 1.0 / double(s.rows * s.columns);  // a power of two
  plane.columns<false>([&](const Columns& strip, int64_t first) {
    for (int64_t i = 0; i < s.rows; ++i) {
      Complex value = strip.get(i);
      store<double>(re + first + i * real_lanes, value.re * scale);
      store<double>(im + first + i * real_lanes, -value.im * scale);
    }
  });
}

// Multiply a plane by a spectrum.
static inline IMGCONV_NOINLINE void convolve(const Plane& plane, const Spectrum& spectrum) {
  plane.columns<true>([&](const Columns& strip, int64_t first) {
    const double *re = spectrum.re + first, *im = spectrum.im + first;
    for (int64_t i = 0; i < spectrum.rows; ++i) {
      int64_t at = i * real_lanes;
      strip.put(i, product(strip.get(i), load<double>(re + at), load<double>(im + at)));
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
    kept_ = task.channels == 1 ? real_lanes : (high_ + real_lanes - 1) / real_lanes * real_lanes;
    pitch_ = 2 * wide_ * task.channels + 64;
    sums_ = scratch_.take<double>(kept_ * pitch_);
    line_pitch_ = spectrum_.columns + 8;
    for (auto& lines : lines_) lines = scratch_.take<double>(real_lanes * line_pitch_);
    finish_.stage = scratch_.take<double>(piece_values + 64);
    finish_.undecided = scratch_.take<int32_t>(piece_values + 64);
  }

  // Two tiles at a time, wherever they are: an odd one waits for the next row of tiles.
  Counts run(int64_t first, int64_t last) {
    Tile odd{};
    for (int64_t row = first; row < last; row += high_)
      for (int64_t column = 0; column < task_.columns.out; column += wide_) {
        Tile tile{row, last - row, column, task_.columns.out - column};
        if (tile.rows > high_) tile.rows = high_;
        if (tile.count > wide_) tile.count = wide_;
        if (odd.rows) two_tiles({odd, tile});
        odd = odd.rows ? Tile{} : tile;
      }
    if (odd.rows) two_tiles({odd, {}});
    return finish_.counts;
  }

 private:
  struct Tile {
    int64_t row, rows, column, count;  // of the output; no rows: none
  };
  struct Tiles {
    Tile each[2];
  };

  void two_tiles(const Tiles& tiles) {
    const int64_t rows = tiles.each[0].rows > tiles.each[1].rows ? tiles.each[0].rows
                                                                 : tiles.each[1].rows;
    most_ = 0;
    for (int64_t channel = 0; channel < task_.channels; ++channel) {
      for (int64_t r = 0; r < spectrum_.rows; r += real_lanes)
        put(r, tiles, rows + task_.rows.taps - 1, channel);
      convolve(plane_, spectrum_);
      for (int64_t r = 0; r < rows; r += real_lanes) {
        plane_.take_rows(r, lines_[0], lines_[1], line_pitch_);
        for (int64_t i = r; i < rows && i < r + real_lanes; ++i)
          for (int t = 0; t < 2; ++t) take(tiles.each[t], t, i, (i - r) * line_pitch_, channel);
      }
    }
  }

  // Keep a row of sums of one channel, and finish it with the last.
  void take(const Tile& tile, int t, int64_t i, int64_t at, int64_t channel) {
    if (i >= tile.rows) return;
    double* sums = sums_ + i % kept_ * pitch_ + t * wide_ * task_.channels;
    write(lines_[t] + at, tile.count, channel, sums);
    if (channel == task_.channels - 1) finish(tile.row + i, tile.column, tile.count, sums);
  }

  // Read and transform some rows of two tiles, of which there are `known` at most.
  void put(int64_t r, const Tiles& tiles, int64_t known, int64_t channel) {
    if (r >= known) return plane_.put_zeros(r);
    for (int64_t i = 0; i < real_lanes; ++i)
      for (int t = 0; t < 2; ++t) {
        const Tile& tile = tiles.each[t];
        bool seen = tile.rows && r + i < tile.rows + task_.rows.taps - 1;
        read(seen ? tile.row + r + i : -1, tile.column, channel, lines_[t] + i * line_pitch_);
      }
    plane_.put_rows(r, lines_[0], lines_[1], line_pitch_);
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
    if constexpr (is_floating<Src>) {
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
    if constexpr (is_floating<Src>) {
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
  int64_t high_, wide_, kept_, pitch_, line_pitch_;
  double *sums_, *lines_[2];
  uint64_t most_ = 0;
};

template <class Src>
Counts fourier_band(const Task& task, int64_t first, int64_t last) {
  return Fourier<Src>(task).run(first, last);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
