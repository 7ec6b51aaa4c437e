// Loops over a piece of a row, a vector at a time, that write values of the output type.
#pragma once

#include "../simd/simd.hpp"
#include "../task.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// Return whether two columns have the same weights.
template <class Weight>
bool same_columns(const Weight* weights, int64_t rows, int64_t columns, int64_t a, int64_t b) {
  for (int64_t r = 0; r < rows; ++r)
    if (weights[r * columns + a] != weights[r * columns + b]) return false;
  return true;
}

// Return whether weights are the same from both ends.
template <class Weight>
bool is_symmetric(const Weight* weights, int64_t count) {
  for (int64_t i = 0; i < count / 2; ++i)
    if (weights[i] != weights[count - 1 - i]) return false;
  return true;
}

// A vector of which all lanes are output values, and one of which only the first are.
struct Whole {};
struct Tail {
  int64_t lanes;
};
template <class Extent>
inline constexpr bool is_tail = sizeof(Extent) == sizeof(Tail);

// Write values that are within the range of the output type. Where the instruction set does not
// narrow vectors well they are staged, for the compiler's loop over a whole piece is better.
template <class Out, class T, class Extent>
IMGCONV_INLINE void emit(Out* to, T* stage, Vector<T> values, Extent extent) {
  if constexpr (Simd::writes_at_once) {
    using Integers = typename VectorOf<int32_t, int(lanes_of<T>)>::Type;
    using Narrow = typename VectorOf<Out, int(lanes_of<T>)>::Type;
    Narrow narrow;
    if constexpr (!is_floating<T>) narrow = __builtin_convertvector(values, Narrow);
    else narrow = __builtin_convertvector(__builtin_convertvector(values, Integers), Narrow);
    if constexpr (is_tail<Extent>)  // a loop over lanes would be unrolled in each of many finishes
      __builtin_memcpy(to, &narrow, size_t(extent.lanes) * sizeof(Out));
    else
      __builtin_memcpy(to, &narrow, sizeof narrow);
  } else {
    store<T>(stage, values);
  }
}

template <class Out, class T>
void flush(const T* __restrict stage, Out* __restrict to, int64_t count) {
  if constexpr (!Simd::writes_at_once)
    for (int64_t i = 0; i < count; ++i) to[i] = Out(int32_t(stage[i]));
}

// Call step(start, valid lanes, Whole or Tail) for every vector of a piece.
template <class T, class StepOf>
IMGCONV_INLINE void each_vector(int64_t count, StepOf step) {
  int64_t i = 0;
  const Flags<T> all = Simd::first_lanes<T>(lanes_of<T>);
  for (; i + lanes_of<T> <= count; i += lanes_of<T>) step(i, all, Whole{});
  if (i < count) step(i, Simd::first_lanes<T>(count - i), Tail{count - i});
}

// Write four vectors of values that are within the range of a byte at a time.
template <class S, class T, class ValueOf>
IMGCONV_INLINE int64_t write_packed(int64_t count, uint8_t* to, ValueOf value) {
  int64_t done = 0;
  const Flags<T> all = S::template first_lanes<T>(lanes_of<T>);
  for (; done + 4 * lanes_of<T> <= count; done += 4 * lanes_of<T>) {
    Words words[4];
    IMGCONV_UNROLL(4)
    for (int i = 0; i < 4; ++i)
      words[i] = __builtin_convertvector(value(done + i * lanes_of<T>, all, Whole{}), Words);
    S::pack(to + done, words);
  }
  return done;
}

// Write value(start, valid lanes, Whole or Tail) for every vector of a piece; it is within the range
// of the output type. The stage has room for the piece and a vector.
template <class T, class Out, class ValueOf>
IMGCONV_INLINE void write_each(int64_t count, Out* to, T* stage, ValueOf value) {
  int64_t done = 0;
  if constexpr (Simd::packs_bytes && sizeof(Out) == 1 && sizeof(T) == 4)
    done = write_packed<Simd, T>(count, to, value);
  each_vector<T>(count - done, [&](int64_t i, Flags<T> valid, auto extent) {
    emit<Out, T>(to + done + i, stage + i, value(done + i, valid, extent), extent);
  });
  flush(stage, to + done, count - done);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
