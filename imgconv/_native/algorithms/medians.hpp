// Medians of square windows in registers. The columns of a row of windows are sorted once, and lie
// in a buffer for each place; a window merges the columns that it has (Batcher's odd-even merge),
// and the compiler leaves out all comparisons that the median does not need.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "../rank.hpp"
#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class V>
IMGCONV_INLINE V lesser(V a, V b) {
  return a < b ? a : b;
}

template <class V>
IMGCONV_INLINE V greater(V a, V b) {
  return a > b ? a : b;
}

template <class V, int n>
struct Sorted {
  V at[n > 0 ? n : 1];
};

// Every second value, from one on.
template <int first, class V, int n, int... i>
IMGCONV_INLINE auto seconds_of(const Sorted<V, n>& x, std::integer_sequence<int, i...>) {
  return Sorted<V, int(sizeof...(i))>{{x.at[first + 2 * i]...}};
}

template <int i, int firsts, int seconds, class V>
IMGCONV_INLINE V interleaved(const Sorted<V, firsts>& first, const Sorted<V, seconds>& second) {
  constexpr int pairs = firsts - 1 < seconds ? firsts - 1 : seconds;
  if constexpr (i == 0) return first.at[0];
  else if constexpr (i <= 2 * pairs && i % 2 == 1)
    return lesser(second.at[i / 2], first.at[i / 2 + 1]);
  else if constexpr (i <= 2 * pairs) return greater(second.at[i / 2 - 1], first.at[i / 2]);
  else if constexpr (pairs < seconds) return second.at[i - pairs - 1];
  else return first.at[i - pairs];
}

template <class V, int n, int m>
IMGCONV_INLINE Sorted<V, n + m> merged(const Sorted<V, n>& a, const Sorted<V, m>& b);

template <class V, int n, int m, int... i>
IMGCONV_INLINE Sorted<V, n + m> merged_each(const Sorted<V, n>& a, const Sorted<V, m>& b,
                                            std::integer_sequence<int, i...>) {
  using std::make_integer_sequence;
  auto first = merged(seconds_of<0>(a, make_integer_sequence<int, (n + 1) / 2>()),
                      seconds_of<0>(b, make_integer_sequence<int, (m + 1) / 2>()));
  auto second = merged(seconds_of<1>(a, make_integer_sequence<int, n / 2>()),
                       seconds_of<1>(b, make_integer_sequence<int, m / 2>()));
  constexpr int firsts = (n + 1) / 2 + (m + 1) / 2, seconds = n / 2 + m / 2;
  return {{interleaved<i, firsts, seconds>(first, second)...}};
}

template <class V, int n, int m>
IMGCONV_INLINE Sorted<V, n + m> merged(const Sorted<V, n>& a, const Sorted<V, m>& b) {
  if constexpr (n == 0) return b;
  else if constexpr (m == 0) return a;
  else if constexpr (n == 1 && m == 1)
    return {{lesser(a.at[0], b.at[0]), greater(a.at[0], b.at[0])}};
  else return merged_each(a, b, std::make_integer_sequence<int, n + m>());
}

// Columns first to first + count - 1 of a window as one sorted list.
template <int first, int count, class V, int side>
IMGCONV_INLINE Sorted<V, count * side> merged_columns(const Sorted<V, side> (&columns)[side]) {
  if constexpr (count == 1) return columns[first];
  else {
    constexpr int half = count > 4 ? 4 : count > 2 ? 2 : 1;
    return merged(merged_columns<first, half>(columns),
                  merged_columns<first + half, count - half>(columns));
  }
}

// One value of each of some rows, sorted.
template <int first, int count, class T>
IMGCONV_INLINE Sorted<Vector<T>, count> sorted_rows(const T* const* rows, int64_t x) {
  if constexpr (count == 1) return {{load<T>(rows[first] + x)}};
  else {
    constexpr int half = count > 4 ? 4 : count > 2 ? 2 : 1;
    return merged(sorted_rows<first, half>(rows, x),
                  sorted_rows<first + half, count - half>(rows, x));
  }
}

template <class T, int side>
class Medians {
  static constexpr int64_t lanes = lanes_of<T>;

 public:
  explicit Medians(const WindowsJob& job)
      : job_(job),
        before_(job.columns_before * job.channels),
        pitch_(((job.columns + side - 1) * job.channels + 2 * lanes) / lanes * lanes),
        sorted_(new T[size_t(side * pitch_ + 2 * lanes)]),
        outside_(new T[size_t(job.image_columns * job.channels)]) {
    std::fill_n(outside_.get(), job.image_columns * job.channels, T(job.outside));
  }

  void run() {
    for (int64_t y = 0; y < job_.rows; ++y) {
      sort_columns(y);
      surround();
      merge(static_cast<T*>(job_.out) + y * job_.out_pitch);
    }
  }

 private:
  // The image's own columns begin at a vector's boundary: they are stored at once.
  T* sorted(int i) {
    const auto at = reinterpret_cast<uintptr_t>(sorted_.get() + before_);
    return sorted_.get() + (vector_bytes - at % vector_bytes) / sizeof(T) + i * pitch_;
  }

  void sort_columns(int64_t y) {
    const T* rows[side];
    for (int r = 0; r < side; ++r) {
      const int64_t row = job_.source_rows[y + r];
      const T* from = static_cast<const T*>(job_.pixels) + row * job_.pixels_pitch;
      rows[r] = row < 0 ? outside_.get() : from;
    }
    const int64_t count = job_.image_columns * job_.channels;
    for (int64_t x = 0; x < count; x += lanes) {
      x = std::min(x, count - lanes);
      auto column = sorted_rows<0, side, T>(rows, x);
      for (int i = 0; i < side; ++i) store<T>(sorted(i) + before_ + x, column.at[i]);
    }
  }

  // Columns beside the image are those inside that the border repeats, in the same order.
  void surround() {
    const int64_t all = job_.columns + side - 1, stop = job_.columns_before + job_.image_columns;
    for (int64_t c = 0; c < all; c = c + 1 == job_.columns_before ? stop : c + 1)
      for (int i = 0; i < side; ++i) {
        const int64_t source = job_.source_columns[c];
        const T* from = sorted(i) + (job_.columns_before + source) * job_.channels;
        T* to = sorted(i) + c * job_.channels;
        for (int64_t k = 0; k < job_.channels; ++k) to[k] = source < 0 ? T(job_.outside) : from[k];
      }
  }

  void merge(T* out) {
    const int64_t count = job_.columns * job_.channels;
    for (int64_t x = 0; x < count; x += lanes) {
      x = std::min(x, count - lanes);
      Sorted<Vector<T>, side> columns[side];
      IMGCONV_UNROLL(5)
      for (int c = 0; c < side; ++c) {
        IMGCONV_UNROLL(5)
        for (int i = 0; i < side; ++i)
          columns[c].at[i] = load<T>(sorted(i) + x + c * job_.channels);
      }
      store<T>(out + x, merged_columns<0, side>(columns).at[side * side / 2]);
    }
  }

  const WindowsJob& job_;
  int64_t before_, pitch_;  // values before the image's own, and from a line to the next
  std::unique_ptr<T[]> sorted_, outside_;
};

template <class T>
void medians_as(const WindowsJob& job) {
  if (job.window_rows == 3) Medians<T, 3>(job).run();
  else Medians<T, 5>(job).run();
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
