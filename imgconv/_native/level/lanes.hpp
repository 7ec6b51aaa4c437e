// Going through a row piece by vectors, and writing what comes of it in the output type.
#pragma once

#include "vectors.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

template <class T>
struct MaskOf {
  using Lane = int32_t;
};
template <>
struct MaskOf<double> {
  using Lane = int64_t;
};
template <>
struct MaskOf<int16_t> {
  using Lane = int16_t;
};
template <class T>
using Mask = Vector<typename MaskOf<T>::Lane>;

template <class T>
inline constexpr int64_t lanes_of = vector_bytes / int64_t(sizeof(T));

// Lanes below n are set.
template <class T>
Mask<T> first_lanes(int64_t n) {
  Mask<T> mask;
  for (int i = 0; i < lanes_of<T>; ++i) mask[i] = i < n ? -1 : 0;
  return mask;
}

template <class T>
int64_t counted(Mask<T> negative) {  // lanes hold minus how often
  int64_t count = 0;
  for (int i = 0; i < lanes_of<T>; ++i) count -= negative[i];
  return count;
}

// Round to nearest, half to even, where |x| is below 2**22.
template <class T>
inline __attribute__((always_inline)) Vector<T> nearest(Vector<T> x) {
  const Vector<T> magic = splat<T>(sizeof(T) == 4 ? T(12582912.0) : T(6755399441055744.0));
  return (x + magic) - magic;
}

// A vector of which all lanes are output values, and one of which only the first are.
struct Whole {};
struct Part {
  int64_t lanes;
};
template <class Extent>
inline constexpr bool is_part = sizeof(Extent) == sizeof(Part);

// Where the instruction set narrows vectors well they are written at once; elsewhere they are
// staged, and the compiler's loop over a whole piece is better.
inline constexpr bool writes_at_once = vector_bytes == 64;

// Write values that are within the range of the output type.
template <class Out, class T>
inline __attribute__((always_inline)) void emit(Out* to, T* stage, Vector<T> values, Whole) {
  if constexpr (writes_at_once) {
    typedef int32_t Integers __attribute__((vector_size(lanes_of<T> * 4)));
    typedef Out Narrow __attribute__((vector_size(lanes_of<T> * sizeof(Out))));
    Narrow narrow;
    if constexpr (T(0.5) == 0) narrow = __builtin_convertvector(values, Narrow);
    else narrow = __builtin_convertvector(__builtin_convertvector(values, Integers), Narrow);
    __builtin_memcpy(to, &narrow, sizeof narrow);
  } else {
    store<T>(stage, values);
  }
}

template <class Out, class T>
inline __attribute__((always_inline)) void emit(Out* to, T* stage, Vector<T> values, Part part) {
  if constexpr (!writes_at_once) return store<T>(stage, values);
  for (int i = 0; i < part.lanes; ++i) to[i] = Out(int32_t(values[i]));
}

template <class Out, class T>
void flush(const T* __restrict stage, Out* __restrict to, int64_t count) {
  if constexpr (!writes_at_once)
    for (int64_t i = 0; i < count; ++i) to[i] = Out(int32_t(stage[i]));
}

// Call step(start, lanes that count, Whole or Part) for every vector of a piece.
template <class T, class StepOf>
inline __attribute__((always_inline)) void each_vector(int64_t count, StepOf step) {
  int64_t i = 0;
  const Mask<T> all = first_lanes<T>(lanes_of<T>);
  for (; i + lanes_of<T> <= count; i += lanes_of<T>) step(i, all, Whole{});
  if (i < count) step(i, first_lanes<T>(count - i), Part{count - i});
}

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
