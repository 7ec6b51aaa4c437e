// What is done to values one by one: loops over arrays that stay in the nearest cache, of which the
// compiler makes vectors.
#include "../pointwise.hpp"

#include <limits>
#include <utility>

#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
namespace {

// Values that are worked on at a time: all arrays of them together fit in the nearest cache.
template <class T>
constexpr int64_t chunk = 1536 / int64_t(sizeof(T));

// Added to and taken from a smaller value it rounds it to the nearest whole number.
template <class T>
constexpr T magic = sizeof(T) == 4 ? T(12582912.0) : T(6755399441055744.0);

IMGCONV_INLINE float size_of_value(float x) { return __builtin_fabsf(x); }
IMGCONV_INLINE double size_of_value(double x) { return __builtin_fabs(x); }

// Whole numbers by the rounding that is seldom asked for; absolute values are taken of all channels
// but the last, where there are `channels`.
template <class T>
void round_chunk(T* __restrict v, int64_t count, int64_t channels, const Target& target) {
  const T low = T(lowest(target.type)) - 2, high = T(highest(target.type)) + 2;
  if (target.absolute)
    for (int64_t i = 0; i < count; ++i)
      if (!channels || (i + 1) % channels) v[i] = size_of_value(v[i]);
  if (target.rounding == Rounding::half_even) return;
  const bool truncates = target.rounding == Rounding::truncate;
  const bool up = target.rounding == Rounding::half_up;
  for (int64_t i = 0; i < count; ++i) {
    T x = v[i] < high ? v[i] : high;
    x = x > low ? x : low;
    T near = (x + magic<T>)-magic<T>, below = near > x ? near - 1 : near, rest = x - below;
    bool more = truncates ? (x < 0) & (rest > 0) : up ? rest >= T(0.5) : rest > T(0.5);
    v[i] = more ? below + 1 : below;
  }
}

// Write the nearest whole numbers, and count those that are clamped; of pixels all but the last of
// `channels`.
template <class T, class Out>
int64_t put_chunk(const T* __restrict v, int64_t count, int64_t channels, const Target& target,
                  Out* __restrict to) {
  const int32_t low = int32_t(lowest(target.type)), high = int32_t(highest(target.type));
  const T least = T(low - 1), most = T(high + 1);
  int32_t clipped = 0, not_counted = 0;
  for (int64_t i = 0; i < count; ++i) {
    T x = v[i] > least ? v[i] : least;
    x = x < most ? x : most;
    int32_t whole = int32_t((x + magic<T>)-magic<T>);
    int32_t inside = whole < low ? low : whole > high ? high : whole;
    clipped += inside != whole;
    to[i] = Out(inside);
  }
  if (channels && clipped)
    for (int64_t i = channels - 1; i < count; i += channels) {
      T x = v[i] > least ? v[i] : least;
      x = ((x < most ? x : most) + magic<T>)-magic<T>;
      not_counted += (x < T(low)) | (x > T(high));
    }
  return clipped - not_counted;
}

template <class T>
int64_t write_chunk(T* v, int64_t count, int64_t channels, const Target& target, void* to,
                    int64_t at) {
  if (target.absolute || target.rounding != Rounding::half_even)
    round_chunk<T>(v, count, channels, target);
  switch (target.type) {
    case Type::u8:
      return put_chunk(v, count, channels, target, static_cast<uint8_t*>(to) + at);
    case Type::u16:
      return put_chunk(v, count, channels, target, static_cast<uint16_t*>(to) + at);
    default: return put_chunk(v, count, channels, target, static_cast<int16_t*>(to) + at);
  }
}

template <int channels, class V, int... lane>
IMGCONV_INLINE V last_of_pixels(V x, std::integer_sequence<int, lane...>) {
  return shuffled<(lane | (channels - 1))...>(x, x);
}

// Means of a chunk after the other. Vectors hold whole pixels.
template <int channels, class T>
class Means {
 public:
  Means(const Mean& mean, const Sums& sums) : mean_(mean), sums_(sums) {
    const Affinity &colour = mean.colour, &straight = mean.straight, &share = mean.share;
    for (int i = 0; i < width; ++i) {
      bool last = i % channels == channels - 1;
      factor_[i] = T(last ? share.factor : colour.factor);
      added_[i] = T(last ? 0 : colour.added);
      divisor_[i] = T(last ? 0 : colour.divisor);
      fixed_[i] = T(last ? share.divisor : 0);
    }
    for (int c = 0; c < channels; ++c) {
      bool last = c == channels - 1;
      straight_[c] = last ? Affinity{share.factor, 0, share.divisor} : straight;
    }
  }

  MeanCounts run(int64_t pixels, int64_t columns, void* to) {
    MeanCounts counts;
    for (int64_t at = 0; at < pixels * channels; at += chunk<T>) {
      int64_t left = pixels * channels - at, count = left < chunk<T> ? left : chunk<T>;
      if (!sums_.low) {
        take_straight(at, count);
      } else {
        if (sums_.straight && !has_unseen(at, count)) continue;  // it had its turn
        bool unseen = weigh(at, count, columns, counts);
        if (unseen && !sums_.straight) continue;
        if (unseen) replace_unseen(at, count);
      }
      if (mean_.doubt != 0) counts.undecided += undecided(count);
      counts.clipped += write_chunk<T>(values_, count, channels, mean_.target, to, at);
    }
    return counts;
  }

 private:
  static constexpr int width = lanes_of<T> > channels ? int(lanes_of<T>) : channels;
  using V = typename VectorOf<T, width>::Type;
  using F = typename VectorOf<float, width>::Type;

  static IMGCONV_INLINE V taken(const void* from, int64_t at) {
    V values;
    __builtin_memcpy(&values, static_cast<const T*>(from) + at, sizeof values);
    return values;
  }

  // Divide a chunk; tell whether it has a pixel without weight.
  bool weigh(int64_t at, int64_t count, int64_t columns, MeanCounts& counts) {
    const T sign = T(mean_.sign);
    V hidden = {};
    int64_t i = 0;
    for (; i + width <= count; i += width) {
      V above = taken(sums_.low, at + i);
      V below = last_of_pixels<channels>(above, std::make_integer_sequence<int, width>());
      hidden = below * sign > 0 ? hidden : below - below + 1;
      V value = quotient(above, below, sums_.high ? taken(sums_.high, at + i) : V{});
      __builtin_memcpy(values_ + i, &value, sizeof value);
    }
    if (i < count) {  // the last pixels, and ones that count for nothing
      T low[width], high[width] = {};
      for (int j = 0; j < width; ++j) low[j] = sign;
      __builtin_memcpy(low, static_cast<const T*>(sums_.low) + at + i, size_t(count - i) * sizeof(T));
      if (sums_.high)
        __builtin_memcpy(high, static_cast<const T*>(sums_.high) + at + i,
                         size_t(count - i) * sizeof(T));
      V above = taken(low, 0);
      V below = last_of_pixels<channels>(above, std::make_integer_sequence<int, width>());
      hidden = below * sign > 0 ? hidden : below - below + 1;
      V value = quotient(above, below, taken(high, 0));
      __builtin_memcpy(values_ + i, &value, size_t(count - i) * sizeof(T));
    }
    T any = 0;
    for (int j = 0; j < width; ++j) any += hidden[j];
    if (any != 0 && !sums_.straight) note_unseen(at, count, columns, counts);
    return any != 0;
  }

  // Doubles are multiplied by inverses that are off by less than 2**-45 of them, and divided where
  // that may decide: to divide all takes several times as long.
  IMGCONV_INLINE V quotient(V above, V below, V high) const {
    if (sums_.high) above = high * T(mean_.high_unit) + above;
    V n = above * factor_ + below * added_, d = below * divisor_ + fixed_;
    if constexpr (sizeof(T) == 4 || width != lanes_of<T>) {
      return n / d;
    } else {
      F near = 1.0f / __builtin_convertvector(d, F);
      V inverse = __builtin_convertvector(near, V);
      V value = n * (inverse * (2 - d * inverse));
      V size = Simd::template magnitude<T>(value), moved = size + shift();
      V away = Simd::template magnitude<T>(moved - ((moved + magic<T>)-magic<T>));
      Flags<T> doubt = Simd::template not_more<T>(away, (size + 1) * T(0x1p-43));
      return __builtin_expect(Simd::template any<T>(doubt), 0) ? n / d : value;
    }
  }

  bool has_unseen(int64_t at, int64_t count) const {
    const T* weights = static_cast<const T*>(sums_.low) + at + channels - 1;
    const T sign = T(mean_.sign);
    int32_t hidden = 0;
    for (int64_t i = 0; i < count; i += channels) hidden += !(weights[i] * sign > 0);
    return hidden != 0;
  }

  void note_unseen(int64_t at, int64_t count, int64_t columns, MeanCounts& counts) const {
    const T* weights = static_cast<const T*>(sums_.low) + at + channels - 1;
    const T sign = T(mean_.sign);
    int64_t column = at / channels % columns - 1;
    for (int64_t i = 0; i < count; i += channels) {
      column = column + 1 < columns ? column + 1 : 0;
      if (weights[i] * sign > 0) continue;
      counts.first = column < counts.first ? column : counts.first;
      counts.last = column > counts.last ? column : counts.last;
    }
  }

  T straight_value(int64_t at, int64_t channel) const {
    const Affinity& a = straight_[channel];
    return (static_cast<const T*>(sums_.straight)[at] * T(a.factor) + T(a.added)) / T(a.divisor);
  }

  void take_straight(int64_t at, int64_t count) {
    for (int64_t i = 0; i < count; i += channels)
      for (int c = 0; c < channels; ++c) values_[i + c] = straight_value(at + i + c, c);
  }

  void replace_unseen(int64_t at, int64_t count) {
    const T* weights = static_cast<const T*>(sums_.low) + at + channels - 1;
    const T sign = T(mean_.sign);
    for (int64_t i = 0; i < count; i += channels)
      if (!(weights[i] * sign > 0))
        for (int c = 0; c < channels - 1; ++c) values_[i + c] = straight_value(at + i + c, c);
  }

  T far() const { return T(highest(mean_.target.type)) + 2; }
  T shift() const { return mean_.target.rounding == Rounding::truncate ? T(0) : T(0.5); }

  // Whether a value is so near to where rounding changes that such an error decides.
  bool is_near(T value, T doubt) const {
    T size = value < 0 ? -value : value, moved = size + shift();
    T away = moved - ((moved + magic<T>)-magic<T>);
    return size < far() && (away < 0 ? -away : away) <= doubt * (size + 1);
  }

  // How many colours their error leaves undecided.
  int64_t undecided(int64_t count) const {
    int64_t found = 0;
    for (int64_t i = 0; i < count; ++i)
      found += i % channels < channels - 1 && values_[i] != 0 && is_near(values_[i], T(mean_.doubt));
    return found;
  }

  const Mean& mean_;
  const Sums& sums_;
  V factor_, added_, divisor_, fixed_;
  Affinity straight_[channels];
  T values_[chunk<T> + width];
};

MeanCounts means(const Mean& mean, const Sums& sums, int64_t pixels, int64_t columns,
                 int64_t channels, void* to) {
  if (channels == 2 && sums.wide) return Means<2, double>(mean, sums).run(pixels, columns, to);
  if (channels == 2) return Means<2, float>(mean, sums).run(pixels, columns, to);
  if (sums.wide) return Means<4, double>(mean, sums).run(pixels, columns, to);
  return Means<4, float>(mean, sums).run(pixels, columns, to);
}

template <bool sizes, bool wins, class T>
void take_greater(int64_t member, T* __restrict all, T* __restrict best, const T* __restrict from,
                  T factor, int64_t count) {
  const T number = T(member);
  for (int64_t i = 0; i < count; ++i) {
    T v = from[i] * factor, size = sizes ? size_of_value(v) : v, before = all[i];
    bool known = size <= before || before != before;  // what is not a number is greatest, and stays
    all[i] = known ? before : size;
    if (wins) best[i] = known ? best[i] : number;
  }
}

template <class T>
void add_member(Combine how, int64_t member, T* __restrict all, T* __restrict best,
                const T* __restrict from, T factor, int64_t count) {
  if (!member)
    for (int64_t i = 0; i < count; ++i) best[i] = 0;
  if (!member && how != Combine::root && how != Combine::sum_abs)
    for (int64_t i = 0; i < count; ++i) all[i] = -std::numeric_limits<T>::infinity();
  switch (how) {
    case Combine::root:
      for (int64_t i = 0; i < count; ++i) {
        T v = from[i] * factor, square = v * v;
        all[i] = member ? all[i] + square : square;
      }
      return;
    case Combine::sum_abs:
      for (int64_t i = 0; i < count; ++i) {
        T v = from[i] * factor, size = size_of_value(v);
        all[i] = member ? all[i] + size : size;
      }
      return;
    case Combine::max: return take_greater<false, false>(member, all, best, from, factor, count);
    case Combine::max_abs: return take_greater<true, false>(member, all, best, from, factor, count);
    case Combine::winner: return take_greater<false, true>(member, all, best, from, factor, count);
    default: return take_greater<true, true>(member, all, best, from, factor, count);
  }
}

template <class T>
void take_roots(T* v, int64_t count) {
  for (int64_t i = 0; i < count; ++i) v[i] = sizeof(T) == 4 ? T(__builtin_sqrtf(float(v[i]))) : T(__builtin_sqrt(double(v[i])));
}

// Floats: the steps in double, one after the other.
template <class T>
void write_floats(const Combination& set, const T* from, int64_t count, float* to) {
  const double gain = set.value.factor, added = set.value.added;
  const bool absolute = set.target.absolute;
  for (int64_t i = 0; i < count; ++i) {
    double v = double(from[i]) * gain + added;
    to[i] = float(absolute ? size_of_value(v) : v) + 0.0f;
  }
}

template <class T>
int64_t combined(const Combination& set, int64_t values, void* to) {
  T all[chunk<T>], best[chunk<T>];
  int64_t clipped = 0;
  const bool floats = set.target.type == Type::f32;
  const bool wins = set.how == Combine::winner || set.how == Combine::winner_abs;
  const T factor = T(set.value.factor), added = T(set.value.added), divisor = T(set.value.divisor);
  for (int64_t at = 0; at < values; at += chunk<T>) {
    int64_t count = values - at < chunk<T> ? values - at : chunk<T>;
    for (int64_t m = 0; m < set.count; ++m)
      add_member<T>(set.how, m, all, best, static_cast<const T*>(set.members[m]) + at,
                    T(set.factors[m]), count);
    if (set.how == Combine::root) take_roots<T>(all, count);
    T* found = wins ? best : all;
    if (floats) {
      write_floats<T>(set, found, count, static_cast<float*>(to) + at);
      continue;
    }
    if (factor != 1 || added != 0)
      for (int64_t i = 0; i < count; ++i) found[i] = found[i] * factor + added;
    if (divisor != 1)
      for (int64_t i = 0; i < count; ++i) found[i] = found[i] / divisor;
    if (set.may_be_nan)
      for (int64_t i = 0; i < count; ++i) found[i] = found[i] == found[i] ? found[i] : T(0);
    clipped += write_chunk<T>(found, count, 0, set.target, to, at);
  }
  return clipped;
}

int64_t combine(const Combination& set, int64_t values, void* to) {
  return set.wide ? combined<double>(set, values, to) : combined<float>(set, values, to);
}

template <int channels, class Bits>
void bits_of_weights(const Bits* __restrict image, int64_t pixels, uint32_t* all, uint32_t* any) {
  Bits every = Bits(-1), some = 0;
  for (int64_t i = 0; i < pixels; ++i) {
    every &= image[i * channels + channels - 1];
    some |= image[i * channels + channels - 1];
  }
  *all = every;
  *any = some;
}

template <class Bits>
void bits_for(const void* image, int64_t pixels, int64_t channels, uint32_t* all, uint32_t* any) {
  const Bits* from = static_cast<const Bits*>(image);
  if (channels == 2) bits_of_weights<2>(from, pixels, all, any);
  else bits_of_weights<4>(from, pixels, all, any);
}

void weight_bits(Type type, const void* image, int64_t pixels, int64_t channels, uint32_t* all,
                 uint32_t* any) {
  switch (size_of(type)) {
    case 1: return bits_for<uint8_t>(image, pixels, channels, all, any);
    case 2: return bits_for<uint16_t>(image, pixels, channels, all, any);
    default: return bits_for<uint32_t>(image, pixels, channels, all, any);
  }
}

// Four bytes as four words of 16 bits: no product of two bytes leaves its word.
void weigh_pixels(const uint8_t* __restrict from, int64_t pixels, uint16_t* __restrict to) {
  for (int64_t i = 0; i < pixels; ++i) {
    uint32_t bytes;
    __builtin_memcpy(&bytes, from + 4 * i, sizeof bytes);
    uint64_t low = bytes & 0xff, middle = bytes >> 8 & 0xff, high = bytes >> 16 & 0xff;
    uint64_t words = (low | middle << 16 | high << 32 | uint64_t(1) << 48) * (bytes >> 24);
    uint16_t four[4] = {uint16_t(words), uint16_t(words >> 16), uint16_t(words >> 32),
                        uint16_t(words >> 48)};
    __builtin_memcpy(to + 4 * i, four, sizeof four);
  }
}

template <int channels>
void weigh_bytes(const uint8_t* __restrict from, int64_t values, uint16_t* __restrict to) {
  if (channels == 4) return weigh_pixels(from, values / 4, to);
  uint16_t weights[chunk<float>];
  for (int64_t at = 0; at < values; at += chunk<float>) {
    int64_t count = values - at < chunk<float> ? values - at : chunk<float>;
    for (int64_t i = 0; i < count; i += channels) {
      for (int c = 0; c < channels - 1; ++c) weights[i + c] = from[at + i + channels - 1];
      weights[i + channels - 1] = 1;
    }
    for (int64_t i = 0; i < count; ++i) to[at + i] = uint16_t(from[at + i] * weights[i]);
  }
}

template <int channels>
void weigh_words(const uint16_t* __restrict from, int64_t values, uint16_t* __restrict low,
                 uint16_t* __restrict high) {
  uint32_t weights[chunk<float>];
  for (int64_t at = 0; at < values; at += chunk<float>) {
    int64_t count = values - at < chunk<float> ? values - at : chunk<float>;
    for (int64_t i = 0; i < count; i += channels) {
      for (int c = 0; c < channels - 1; ++c) weights[i + c] = from[at + i + channels - 1];
      weights[i + channels - 1] = 1;
    }
    for (int64_t i = 0; i < count; ++i) {
      uint32_t product = from[at + i] * weights[i];
      low[at + i] = uint16_t(product);
      high[at + i] = uint16_t(product >> 16);
    }
  }
}

template <int channels>
void weigh_floats(const float* __restrict from, int64_t values, float* __restrict low,
                  float* __restrict high) {
  for (int64_t i = 0; i < values; i += channels)
    for (int c = 0; c < channels; ++c) {
      double product = c == channels - 1 ? double(from[i + c])
                                         : double(from[i + c]) * double(from[i + channels - 1]);
      float first = float(product);
      double rest = product - double(first);
      high[i + c] = first;
      low[i + c] = rest - rest == 0 ? float(rest) : 0.0f;  // not where one of both is infinite
    }
}

template <int channels>
void weigh_for(Type type, const void* image, int64_t values, void* low, void* high) {
  if (type == Type::u8)
    return weigh_bytes<channels>(static_cast<const uint8_t*>(image), values,
                                 static_cast<uint16_t*>(low));
  if (type == Type::u16)
    return weigh_words<channels>(static_cast<const uint16_t*>(image), values,
                                 static_cast<uint16_t*>(low), static_cast<uint16_t*>(high));
  weigh_floats<channels>(static_cast<const float*>(image), values, static_cast<float*>(low),
                         static_cast<float*>(high));
}

void weigh(Type type, const void* image, int64_t pixels, int64_t channels, void* low, void* high) {
  if (channels == 2) weigh_for<2>(type, image, pixels * 2, low, high);
  else weigh_for<4>(type, image, pixels * 4, low, high);
}

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

// The share of a full turn that the arc tangent of 0 to 1 is, off by less than 1e-13: a polynomial
// through Chebyshev's points.
IMGCONV_INLINE double turn_of(double t) {
  constexpr double terms[] = {
      0.15915494309185552,    -0.05305164767893014,   0.03183098720374867,
      -0.02273637719993298,   0.017683185357945573,   -0.014461796883254137,
      0.012198396278647673,   -0.010409930751952873,  0.008704518533690999,
      -0.006766026008017104,  0.004557530628920315,   -0.0024538931048113553,
      0.0009607623828220601,  -0.00023850221547665478, 2.785036477301555e-05};
  double square = t * t, sum = terms[14];
  for (int i = 13; i >= 0; --i) sum = sum * square + terms[i];
  return sum * t;
}

template <class Out>
int64_t directions_as(const Turn& turn, const double* __restrict a, const double* __restrict b,
                      int64_t count, Out* __restrict to, uint8_t* __restrict doubts) {
  int64_t found = 0;
  const double levels = turn.levels, doubt = 0x1p-40 * levels;
  for (int64_t i = 0; i < count; ++i) {
    double x = a[i] * turn.ax - b[i] * turn.bx, y = b[i] * turn.by - a[i] * turn.ay;
    double wide = __builtin_fabs(x), high = __builtin_fabs(y);
    double least = wide < high ? wide : high, most = wide < high ? high : wide;
    double share = turn_of(least / (most > 0 ? most : 1.0));
    share = high > wide ? 0.25 - share : share;
    share = x < 0 ? 0.5 - share : share;
    share = y < 0 ? 1 - share : share;
    double level = share * levels, moved = level + 0.5;
    double near = (level + magic<double>)-magic<double>;
    bool open = __builtin_fabs(moved - ((moved + magic<double>)-magic<double>)) < doubt;
    doubts[i] = open;
    found += open;
    to[i] = Out(int32_t((near >= levels ? near - levels : near) + turn.low));
  }
  return found;
}

int64_t directions(const Turn& turn, const double* a, const double* b, int64_t count, Type type,
                   void* to, uint8_t* doubts) {
  switch (type) {
    case Type::u8: return directions_as(turn, a, b, count, static_cast<uint8_t*>(to), doubts);
    case Type::u16: return directions_as(turn, a, b, count, static_cast<uint16_t*>(to), doubts);
    default: return directions_as(turn, a, b, count, static_cast<int16_t*>(to), doubts);
  }
}

IMGCONV_INLINE int32_t level_of(const Beginnings& levels, double x) {
  int32_t cell = int32_t(x * levels.cells);
  return levels.base[cell] + (x >= levels.edge[cell]);
}

template <class Out>
int64_t encode_as(const Beginnings& levels, double unit, const float* __restrict light,
                  int64_t count, Out* __restrict to) {
  int64_t outside = 0;
  for (int64_t i = 0; i < count; ++i) {
    float x = light[i];
    outside += (x < 0) | (x > 1);
    x = x > 0 ? x : 0;  // what is not a number becomes 0
    to[i] = Out(level_of(levels, double(x < 1 ? x : 1) * unit));
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
    to[i] = Level(level_of(levels, double(sum) / double(total)));
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

extern const Pointwise pointwise;
const Pointwise pointwise = {weight_bits, weigh,        means,  combine,
                             directions,  ordered_sums, encode, encode_mean};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
