// Order statistics by comparing vectors, compiled once for each instruction set.
#include "medians.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

template <bool greatest, class V>
IMGCONV_INLINE V one_of(V a, V b) {
  return greatest ? greater(a, b) : lesser(a, b);
}

// Whole vectors: what lies behind a buffer's last value is written, and never read.
template <class T, bool greatest>
void compare(const T* a, const T* b, T* to, int64_t count) {
  constexpr int vectors = 4;
  constexpr int64_t lanes = lanes_of<T>;
  int64_t i = 0;
  for (; i + vectors * lanes <= count; i += vectors * lanes) {
    IMGCONV_UNROLL(4)
    for (int v = 0; v < vectors; ++v) {
      const int64_t at = i + v * lanes;
      store<T>(to + at, one_of<greatest>(load<T>(a + at), load<T>(b + at)));
    }
  }
  for (; i < count; i += lanes)
    store<T>(to + i, one_of<greatest>(load<T>(a + i), load<T>(b + i)));
}

template <class T>
class Tiles {
 public:
  explicit Tiles(const NetworkJob& job)
      : job_(job),
        pitch_((job.tile_columns + job.window_columns - 1) * job.channels),
        size_(job.size + lanes_of<T>),
        values_(new T[size_t(size_ * job.buffers)]) {}

  void run(int64_t top, int64_t left) {
    fill(top, left);
    for (const Comparison& each : job_.comparisons) {
      const T *a = at(each.first), *b = at(each.second);
      T* to = at({each.buffer, 0});
      if (each.greater) compare<T, true>(a, b, to, each.length);
      else compare<T, false>(a, b, to, each.length);
    }
    const T* from = at(job_.result);
    T* to = static_cast<T*>(job_.out) + top * job_.out_pitch + left * job_.channels;
    for (int64_t r = 0; r < job_.tile_rows; ++r, from += pitch_, to += job_.out_pitch)
      std::copy_n(from, job_.tile_columns * job_.channels, to);
  }

 private:
  T* at(const Stretch& stretch) const {
    return values_.get() + stretch.buffer * size_ + stretch.start;
  }

  void fill(int64_t top, int64_t left) {
    const int64_t rows = job_.tile_rows + job_.window_rows - 1;
    const int64_t columns = job_.tile_columns + job_.window_columns - 1;
    const int64_t* source = job_.source_columns + left;
    const T* pixels = static_cast<const T*>(job_.pixels);
    // Columns start to stop - 1 lie in the image side by side, from column `first` on.
    const int64_t first = std::max<int64_t>(left - job_.columns_before, 0);
    const int64_t start = std::min(columns, std::max<int64_t>(job_.columns_before - left, 0));
    const int64_t stop = std::min(columns, start + std::max<int64_t>(job_.image_columns - first, 0));
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t row = job_.source_rows[top + r];
      T* to = at({0, r * pitch_});
      const T* from = pixels + row * job_.pixels_pitch;
      if (row < 0) {
        std::fill_n(to, pitch_, T(job_.outside));
        continue;
      }
      gather(from, source, 0, start, to);
      std::copy_n(from + first * job_.channels, (stop - start) * job_.channels,
                  to + start * job_.channels);
      gather(from, source, stop, columns, to);
    }
  }

  void gather(const T* row, const int64_t* source, int64_t start, int64_t stop, T* to) const {
    for (int64_t c = start; c < stop; ++c)
      for (int64_t k = 0; k < job_.channels; ++k)
        to[c * job_.channels + k] =
            source[c] < 0 ? T(job_.outside) : row[source[c] * job_.channels + k];
  }

  const NetworkJob& job_;
  int64_t pitch_, size_;
  std::unique_ptr<T[]> values_;
};

template <class T>
void run_as(const NetworkJob& job) {
  Tiles<T> tiles(job);
  for (int64_t y = 0; y < job.rows; y += job.tile_rows)
    for (int64_t x = 0; x < job.columns; x += job.tile_columns)
      tiles.run(std::min(y, job.rows - job.tile_rows), std::min(x, job.columns - job.tile_columns));
}

}  // namespace

void run_network(const NetworkJob& job) {
  switch (job.type) {
    case Type::u8: return run_as<uint8_t>(job);
    case Type::u16: return run_as<uint16_t>(job);
    case Type::i16: return run_as<int16_t>(job);
    default: return run_as<float>(job);
  }
}

void run_medians(const WindowsJob& job) {
  switch (job.type) {
    case Type::u8: return medians_as<uint8_t>(job);
    case Type::u16: return medians_as<uint16_t>(job);
    case Type::i16: return medians_as<int16_t>(job);
    default: return medians_as<float>(job);
  }
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
