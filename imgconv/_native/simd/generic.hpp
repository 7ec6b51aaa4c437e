// Everything that an instruction set offers, in terms of the compiler's vectors.
#pragma once

#include "vectors.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

struct Generic {
  // What the instruction set can do; the paths that need one of them are not compiled without it.
  static constexpr uint32_t needs = 0;  // features of the CPU, see cpu.hpp
  static constexpr bool has_taps16 = false;         // bytes times bytes, added up in int16
  static constexpr bool has_dot8 = false;           // four bytes times four bytes, added to int32
  static constexpr bool has_word_pairs = false;    // int16 times int16, added to int32, in pairs
  static constexpr bool has_symmetric = false;      // the same, and conversions between planes
  static constexpr bool fuses = false;              // multiply_add rounds once
  static constexpr bool packs_bytes = false;        // `pack`
  static constexpr bool writes_at_once = false;     // narrows vectors of any type well
  static constexpr int pixel_offset = 0;  // what is taken from bytes before they are multiplied
  static constexpr int most_radix = 4;              // of Fourier transforms

  // Floating point.

  template <class T>
  static IMGCONV_INLINE Vector<T> multiply_add(Vector<T> sum, Vector<T> x, Vector<T> w) {
    return sum + x * w;
  }

  // The lesser of both; a lane of x that is not a number stays so.
  template <class T>
  static IMGCONV_INLINE Vector<T> at_most(T limit, Vector<T> x) {
    Vector<T> limits = splat<T>(limit);
    return x > limits ? limits : x;
  }

  // The greater of both; a lane of x that is not a number stays so.
  template <class T>
  static IMGCONV_INLINE Vector<T> at_least(T limit, Vector<T> x) {
    Vector<T> limits = splat<T>(limit);
    return x < limits ? limits : x;
  }

  template <class T>
  static IMGCONV_INLINE Vector<T> magnitude(Vector<T> x) {
    return x < 0 ? -x : x;
  }

  // Round to nearest, half to even, where |x| is below 2**22.
  template <class T>
  static IMGCONV_INLINE Vector<T> nearest(Vector<T> x) {
    const Vector<T> magic = splat<T>(sizeof(T) == 4 ? T(12582912.0) : T(6755399441055744.0));
    return (x + magic) - magic;
  }

  static IMGCONV_INLINE double added_up(Vector<double> lanes) {
    double sum = 0;
    for (int i = 0; i < int(lanes_of<double>); ++i) sum += lanes[i];
    return sum;
  }

  // Pixels in double, as many as a vector has lanes.
  template <class Src>
  static IMGCONV_INLINE Vector<double> load_pixels(const Src* from) {
    constexpr int lanes = int(lanes_of<double>);
    typename VectorOf<Src, lanes>::Type pixels;
    __builtin_memcpy(&pixels, from, sizeof pixels);
    if constexpr (sizeof(Src) == 4) {
      return __builtin_convertvector(pixels, Vector<double>);
    } else {
      using Integers = typename VectorOf<int32_t, lanes>::Type;
      return __builtin_convertvector(__builtin_convertvector(pixels, Integers), Vector<double>);
    }
  }

  using NarrowFloats = typename VectorOf<float, int(lanes_of<double>)>::Type;

  static IMGCONV_INLINE NarrowFloats narrowed(Vector<double> x) {
    return __builtin_convertvector(x, NarrowFloats);
  }

  // Doubles of a row of the kernel's pass: `at<by>(v)` is vector v, `by` lanes further.
  class DoubleRow {
   public:
    explicit IMGCONV_INLINE DoubleRow(const double* from) : from_(from) {}
    template <int by>
    IMGCONV_INLINE Vector<double> at(int v) const {
      return load<double>(from_ + v * lanes_of<double> + by);
    }

   private:
    const double* from_;
  };

  // Transpose a square of vectors: lane j of row i becomes lane i of row j.
  static IMGCONV_INLINE void transpose(const double* from, int64_t from_pitch, double* to,
                                       int64_t to_pitch) {
    for (int64_t i = 0; i < lanes_of<double>; ++i)
      for (int64_t j = 0; j < lanes_of<double>; ++j)
        to[j * to_pitch + i] = from[i * from_pitch + j];
  }

  // Flags: for each lane whether something holds, here as masks as wide as the lanes.

  template <class T>
  using Flags = Mask<T>;

  template <class T>
  static IMGCONV_INLINE Flags<T> differ(Vector<T> a, Vector<T> b) {
    return Mask<T>(a != b);
  }

  // Also where one is not a number.
  template <class T>
  static IMGCONV_INLINE Flags<T> not_less(Vector<T> a, Vector<T> b) {
    return ~Mask<T>(a < b);
  }
  template <class T>
  static IMGCONV_INLINE Flags<T> not_more(Vector<T> a, Vector<T> b) {
    return ~Mask<T>(a > b);
  }

  static IMGCONV_INLINE Flags<double> differ(NarrowFloats a, NarrowFloats b) {
    return __builtin_convertvector(a != b, Mask<double>);
  }

  template <class T>
  static IMGCONV_INLINE bool any(Flags<T> flags) {
    int64_t words[sizeof flags / 8], some = 0;
    __builtin_memcpy(words, &flags, sizeof flags);
    for (int64_t word : words) some |= word;
    return some != 0;
  }

  // A bit for each lane.
  template <class T>
  static IMGCONV_INLINE uint32_t bits_of_flags(Flags<T> flags) {
    uint32_t bits = 0;
    for (int i = 0; i < int(lanes_of<T>); ++i) bits |= uint32_t(flags[i] & 1) << i;
    return bits;
  }

  // Flags of the lanes below n.
  template <class T>
  static Flags<T> first_lanes(int64_t n) {
    Mask<T> mask;
    for (int i = 0; i < int(lanes_of<T>); ++i) mask[i] = i < n ? -1 : 0;
    return mask;
  }

  // Counts flags.
  template <class T>
  struct FlagCount {
    Mask<T> lanes{};  // minus how often each was set
    void add(Mask<T> flags) { lanes += flags; }
    int64_t sum() const {
      int64_t count = 0;
      for (int i = 0; i < int(lanes_of<T>); ++i) count -= lanes[i];
      return count;
    }
  };

  // Write start + i for each lane i of four bytes or eight whose bit is set; return how many.
  static IMGCONV_INLINE int64_t list_lanes(int32_t* to, uint32_t bits, int32_t start) {
    int32_t* at = to;
    for (; bits; bits &= bits - 1) *at++ = start + __builtin_ctz(bits);
    return at - to;
  }

  // Whole numbers.

  // Pairs of int16 in each lane, multiplied and added to the lane; sums may wrap.
  static IMGCONV_INLINE Words dot_pairs(Words sum, Words x, Words w) {
    Vector<uint32_t> left = Vector<uint32_t>(x), right = Vector<uint32_t>(w);
    Words low = Words(left << 16) >> 16;
    return sum + low * (Words(right << 16) >> 16) + (x >> 16) * (w >> 16);
  }

  // Multiply-add of int16, two rows in each lane of a sum.
  template <class S>
  struct MacDot16 {
    using Stored = int16_t;
    using Sum = int32_t;
    using Word = int32_t;
    using Pixels = Words;
    using Factor = Words;
    static constexpr int rows = 2, offset = 0;
    static IMGCONV_INLINE Pixels load_pixels(const unsigned char* from) { return load<Sum>(from); }
    static IMGCONV_INLINE Factor factor(Word word) { return splat<int32_t>(word); }
    static IMGCONV_INLINE Words mac(Words sum, Words x, Words w) {
      return S::dot_pairs(sum, x, w);
    }
  };

  // Each lane and those before it that are a multiple of `apart` away, added up.
  template <int apart, class T>
  static IMGCONV_INLINE Vector<T> running_sums(Vector<T> x) {
    constexpr int lanes = int(lanes_of<T>);
    if constexpr (apart < lanes) x += moved_up<apart, T>(x);
    if constexpr (2 * apart < lanes) x += moved_up<2 * apart, T>(x);
    if constexpr (4 * apart < lanes) x += moved_up<4 * apart, T>(x);
    if constexpr (8 * apart < lanes) x += moved_up<8 * apart, T>(x);
    return x;
  }

  // The last `count` lanes, repeated so that lane i has one with the same remainder of i by count.
  template <int count, class T>
  static IMGCONV_INLINE Vector<T> last_lanes(Vector<T> x) {
    return last_repeated<count>(x, std::make_integer_sequence<int, int(lanes_of<T>)>());
  }
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
