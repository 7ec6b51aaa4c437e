// The core's test vectors: every algorithm on small pictures, a checksum of each result to stdout.
// What is printed must be the same on every machine and at every instruction set.
#include <cstdio>

#include "correlate.hpp"
#include "pointwise.hpp"

using namespace imgconv;

namespace {

uint64_t state = 1;

uint32_t draw() {  // the same numbers everywhere
  state = state * 6364136223846793005u + 1442695040888963407u;
  return uint32_t(state >> 33);
}

struct Kernel {
  const char* name;
  int64_t side, largest, denominator, added;
};

// A way to compute, and what it can hold.
struct Way {
  const char* name;
  Algorithm algorithm;
  SumKind sum_kind;
  bool bytes, floats;       // of bytes alone; of floats too
  int64_t most_weight = 0;  // 0: any
  double most_sum = 0;      // of magnitudes of weights times 255; 0: any
};

bool holds(const Way& way, const Kernel& k, Type type) {
  if ((way.bytes && type != Type::u8) || (type == Type::f32 && !way.floats)) return false;
  if (way.most_weight && k.largest > way.most_weight) return false;
  return !way.most_sum || double(k.side * k.side * k.largest) * 255 <= way.most_sum;
}

Plan plan_for(const Way& way, const Kernel& k, Type type) {
  const bool fft = way.algorithm == Algorithm::fft;
  Plan plan;
  plan.algorithm = way.algorithm;
  plan.sum_kind = way.sum_kind;
  plan.bound = type == Type::f32 ? 1e-7 : 1e-3;  // far above the true errors of kernels so small
  plan.bound_fixed = 1e-20;
  plan.scaled = type == Type::f32;
  plan.exact_span = way.algorithm == Algorithm::f64 ? 0x1p35 : 0;  // exact in double
  plan.relative_bound = 0x1p-50;
  plan.tile_rows = plan.tile_columns = fft ? 64 : 0;
  plan.whole = fft && way.sum_kind == SumKind::integer;
  if (way.sum_kind == SumKind::fixed) {
    plan.shift = 14;
    plan.bound = double(k.side * k.side * 128 + 1);
  }
  return plan;
}

Specification specification(const Kernel& k, Type type, const Way& way, const std::string& isa) {
  Specification spec{};
  spec.rows = spec.columns = k.side;
  bool equal = way.algorithm == Algorithm::box;
  for (int64_t i = 0; i < k.side * k.side; ++i)
    spec.weights.push_back(equal ? k.added ? 3 : 1 : i128(draw() % (2 * k.largest + 1)) - k.largest);
  spec.quotient = {1, k.added, k.denominator, false};
  spec.type_in = spec.type_out = type;
  spec.rounding = Rounding::half_even;
  spec.plan = plan_for(way, k, type);
  spec.isa = isa;
  return spec;
}

// A separable kernel that is the same from both ends, on bytes.
Specification symmetric(int64_t side, const std::string& isa) {
  Specification spec{};
  spec.rows = spec.columns = side;
  spec.column.resize(size_t(side));
  spec.row.resize(size_t(side));
  for (int64_t i = 0; i <= side / 2; ++i) {
    spec.column[size_t(i)] = spec.column[size_t(side - 1 - i)] = draw() % 30000 + 1;
    spec.row[size_t(i)] = spec.row[size_t(side - 1 - i)] = draw() % 30000 + 1;
  }
  i128 total = 0;
  for (double down : spec.column)
    for (double along : spec.row) {
      spec.weights.push_back(i128(int64_t(down * along)));
      total += spec.weights.back();
    }
  spec.quotient = {1, 0, total, false};
  for (double& weight : spec.row) weight /= to_double(total);
  spec.type_in = spec.type_out = Type::u8;
  spec.rounding = Rounding::half_even;
  spec.plan.algorithm = Algorithm::dot16;
  spec.plan.sum_kind = SumKind::real;
  spec.plan.separable = true;
  spec.plan.horizontal = Algorithm::f32;
  spec.plan.bound = 1e-3;
  spec.isa = isa;
  return spec;
}

uint64_t hash_of(const std::vector<unsigned char>& bytes, uint64_t count) {
  uint64_t hash = 14695981039346656037u ^ count;
  for (unsigned char byte : bytes) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

uint64_t checksum(const Specification& spec, int64_t channels, Border border) {
  const int64_t rows = 37, columns = 101;
  size_t item = size_of(spec.type_in), bytes = size_t(rows * columns * channels) * item;
  std::vector<unsigned char> source(bytes), target(bytes);
  for (size_t i = 0; i < bytes / item; ++i) {
    float real = float(draw() % 256) / 255.0f;
    uint32_t whole = draw();
    __builtin_memcpy(&source[i * item], spec.type_in == Type::f32 ? (void*)&real : &whole, item);
  }
  int64_t before = spec.rows / 2, stride = columns * channels * int64_t(item);
  Picture picture{source.data(), stride, target.data(), stride,
                  {rows, spec.rows, before, rows, 1, 1},
                  {columns, spec.columns, before, columns, 1, 1},
                  channels, border, 7, 2};
  Counts counts = Correlator(spec).run(picture);
  return hash_of(target, uint64_t(counts.clipped));
}

// Sums of a layer, of whole numbers, which are exact in any order.
uint64_t layer(const char* isa, Type type, int64_t channels, int64_t filters, int64_t dilation) {
  constexpr int64_t rows = 3, columns = 29, side = 3, stride = 2;
  const int64_t item = int64_t(size_of(type)), wide = (columns - 1) * stride + 2 * dilation + 1;
  const int64_t pixel = channels * item, taps = side * side * channels, pitch = (filters + 7) / 8 * 8;
  std::vector<unsigned char> source(size_t((rows + side - 1) * wide * pixel));
  for (size_t i = 0; i < source.size(); i += size_t(item)) {
    float real = float(draw() % 256);
    uint32_t whole = draw();
    __builtin_memcpy(&source[i], type == Type::f32 ? (void*)&real : &whole, size_t(item));
  }
  std::vector<double> weights(size_t(taps * pitch)), sums(size_t(rows * columns * filters));
  for (int64_t i = 0; i < taps * filters; ++i)
    weights[size_t(i / filters * pitch + i % filters)] = double(draw() % 200) - 100;
  find_isa(isa)->pointwise->layer_sums(
      {type, source.data(), rows, columns, 1, side, side, channels, wide * pixel, 0, wide * pixel,
       pixel, stride, dilation, weights.data(), filters, pitch},
      sums.data());
  uint64_t hash = 14695981039346656037u;
  for (double sum : sums) hash = (hash ^ uint64_t(int64_t(sum))) * 1099511628211u;
  return hash;
}

// Values of a set of two members, whose sums are whole; a third of the roots are halves or near.
template <class T>
uint64_t combined(const char* isa, Combine how, Proof proof, Type type) {
  constexpr int64_t count = 5003;
  std::vector<T> sums[2];
  for (std::vector<T>& each : sums)
    for (int64_t i = 0; i < count; ++i)
      each.push_back(draw() % 3 ? T(int32_t(draw() % 2001) - 1000) : T(draw() % 2));
  const void* members[] = {sums[0].data(), sums[1].data()};
  const double factors[] = {3, -4};
  Combination set;
  set.how = how;
  set.members = members;
  set.factors = factors;
  set.count = 2;
  set.wide = sizeof(T) == 8;
  set.value = {1, 3, 10};
  set.target = {type, Rounding::half_up, false};
  set.proof = proof;
  std::vector<unsigned char> target(size_t(count) * size_of(type));
  std::vector<uint8_t> doubts(static_cast<size_t>(count));
  return hash_of(target, uint64_t(find_isa(isa)->pointwise->combine(set, count, target.data(),
                                                                    doubts.data())));
}

uint64_t directions(const char* isa, Type type) {
  constexpr int64_t count = 5003;
  std::vector<double> sums[2];
  for (std::vector<double>& each : sums)
    for (int64_t i = 0; i < count; ++i) each.push_back(int32_t(draw() % 201) - 100);
  const double levels = type == Type::f32 ? 360 : type == Type::u8 ? 256 : 65536;
  const Turn turn{1, 0, 1, 0, levels, type == Type::i16 ? -32768.0 : 0.0};
  std::vector<unsigned char> target(size_t(count) * size_of(type));
  std::vector<uint8_t> doubts(static_cast<size_t>(count));
  const int64_t open = find_isa(isa)->pointwise->directions(
      turn, sums[0].data(), sums[1].data(), count, type, target.data(), doubts.data());
  return hash_of(target, uint64_t(open));
}

// Floats under weights that are not below 0, whose error is a part of the values.
Specification positive(const Kernel& k, const Way& way, const std::string& isa) {
  Specification spec = specification(k, Type::f32, way, isa);
  for (i128& weight : spec.weights) weight = weight < 0 ? -weight : weight;
  spec.plan.exact_span = 0;
  spec.plan.value_bound = 0x1p-40;
  return spec;
}

// Means of colours, some of which a doubt leaves open, and some of which have no weight.
uint64_t means(const char* isa, Type type, int64_t channels, double doubt, bool with_high) {
  constexpr int64_t pixels = 1501, columns = 79;
  std::vector<double> sums[3];
  for (std::vector<double>& each : sums)
    for (int64_t i = 0; i < pixels * channels; ++i)
      each.push_back(i % channels == channels - 1 ? draw() % 5 * 2 : draw() % 999);
  Mean mean;
  mean.colour = {0.5, 0.25, 1};
  mean.straight = {0.125, 0.25, 1};
  mean.high_unit = with_high ? 65536 : 0;
  mean.doubt = doubt;
  mean.target = {type, Rounding::half_even, false};
  std::vector<unsigned char> target(size_t(pixels * channels) * size_of(type));
  std::vector<uint8_t> doubts(size_t(pixels * channels));
  const Sums from{sums[0].data(), with_high ? sums[1].data() : nullptr, sums[2].data(), true};
  const auto run = find_isa(isa)->pointwise->means;
  const MeanCounts counts = run(mean, from, pixels, columns, channels, target.data(), doubts.data());
  return hash_of(target, uint64_t(counts.clipped)) ^ hash_of(doubts, uint64_t(counts.undecided));
}

// Levels that begin at squares.
uint64_t levels(const char* isa, Type type) {
  constexpr int64_t cells = 1 << 15, unit = 1 << 30, width = unit / cells;
  std::vector<uint16_t> base;
  std::vector<double> edge;
  std::vector<float> near;
  int64_t level = 0;
  const auto beginning = [](int64_t i) { return (2 * i + 1) * (2 * i + 1) * 16384 / 4; };
  for (int64_t cell = 0; cell <= cells; ++cell) {
    while (level < 255 && beginning(level) <= cell * width) ++level;
    const int64_t next = beginning(level);
    const bool inside = level < 255 && next < (cell + 1) * width;
    base.push_back(uint16_t(level));
    edge.push_back(inside ? double(next) : double(2 * unit));
    near.push_back(float(edge.back() / unit));  // these edges have few digits
  }
  std::vector<float> light;
  for (int64_t i = 0; i < 5003; ++i) light.push_back(float(draw() % 70000) / 65536 - 0.01f);
  std::vector<unsigned char> target(light.size() * size_of(type));
  const Beginnings found{base.data(), edge.data(), near.data(), double(cells) / unit};
  const int64_t outside = find_isa(isa)->pointwise->encode(found, unit, light.data(),
                                                           int64_t(light.size()), type, target.data());
  return hash_of(target, uint64_t(outside));
}

}  // namespace

// With the name of an instruction set print its results, without one the names that there are.
int main(int count, char** arguments) {
  if (count < 2) {
    for (const Isa* isa : isas()) std::printf("%s\n", isa->name);
    return 0;
  }
  const Kernel kernels[] = {{"small", 3, 5, 9, 64}, {"ties", 3, 4, 18, 0}, {"signed", 5, 90, 700, 0},
                            {"wide", 9, 3000, 1 << 15, 5}, {"large", 17, 50, 4099, 0}};
  const SumKind integer = SumKind::integer;
  const Way ways[] = {{"taps16", Algorithm::taps16, integer, true, false, 127, 32767},
                      {"dot8", Algorithm::dot8, integer, true, false, 127},
                      {"dot16", Algorithm::dot16, integer, true, false},
                      {"fixed", Algorithm::dot16, SumKind::fixed, true, false, 90},
                      {"f32", Algorithm::f32, integer, false, false, 0, 0x1p24 / 257},
                      {"box", Algorithm::box, integer, false, false},
                      {"running", Algorithm::running, integer, false, false},
                      {"f64", Algorithm::f64, SumKind::real, false, true},
                      {"f64 whole", Algorithm::f64, integer, false, false},
                      {"fft", Algorithm::fft, SumKind::real, false, true},
                      {"fft whole", Algorithm::fft, integer, false, false},
                      {"exact", Algorithm::exact, integer, false, true}};
  const char* types[] = {"u8", "u16", "i16", "f32"};
  for (const Kernel& kernel : kernels)
    for (const Way& way : ways)
      for (Type type : {Type::u8, Type::u16, Type::i16, Type::f32})
        for (Border border : {Border::constant, Border::reflect101, Border::wrap}) {
          if (!holds(way, kernel, type)) continue;
          state = 1;
          Specification spec = specification(kernel, type, way, arguments[1]);
          bool whole = way.sum_kind == integer && way.algorithm != Algorithm::exact;
          if (whole && !Correlator(spec).is_proved()) continue;
          int64_t channels = border == Border::wrap ? 3 : 1;
          std::printf("%s %s %s %d %016llx\n", kernel.name, way.name, types[int(type)], int(border),
                      (unsigned long long)checksum(spec, channels, border));
        }
  for (int64_t side : {3, 5, 7, 9, 11, 13})
    for (int64_t channels : {1, 3, 4}) {
      state = 1;
      std::printf("symmetric %d %d %016llx\n", int(side), int(channels),
                  (unsigned long long)checksum(symmetric(side, arguments[1]), channels,
                                               Border::reflect101));
    }
  for (const Kernel& kernel : kernels)
    for (const Way& way : ways)
      for (int64_t channels : {1, 3}) {
        if (way.algorithm != Algorithm::f64 || way.sum_kind != SumKind::real) continue;
        state = 1;
        std::printf("positive %s %d %016llx\n", kernel.name, int(channels),
                    (unsigned long long)checksum(positive(kernel, way, arguments[1]), channels,
                                                 Border::reflect101));
      }
  for (Type type : {Type::u8, Type::u16}) {
    state = 1;
    std::printf("levels %s %016llx\n", types[int(type)],
                (unsigned long long)levels(arguments[1], type));
    for (int64_t channels : {2, 4})
      for (bool high : {false, true})
        for (double doubt : {0.0, 0x1p-42, 0x1p-8}) {
          state = 1;
          std::printf("means %s %d %d %g %016llx\n", types[int(type)], int(channels), high, doubt,
                      (unsigned long long)means(arguments[1], type, channels, doubt, high));
        }
  }
  for (Type type : {Type::u8, Type::u16, Type::i16, Type::f32})
    for (int64_t filters : {1, 5, 16, 33}) {
      state = 1;
      std::printf("layer %s %d %016llx\n", types[int(type)], int(filters),
                  (unsigned long long)layer(arguments[1], type, filters, filters, 1 + filters % 2));
    }
  for (Combine how : {Combine::root, Combine::sum_abs, Combine::max_abs, Combine::winner})
    for (Type type : {Type::u8, Type::u16, Type::i16})
      for (Proof proof : {Proof::all, Proof::in_double, Proof::none}) {
        const bool floats = type == Type::u8 && how == Combine::root && proof != Proof::all;
        if (proof != Proof::all && how != Combine::root) continue;
        if (proof == Proof::in_double && !floats) continue;  // doubles are the sums' own type
        state = 1;
        std::printf("set %d %s %d %016llx\n", int(how), types[int(type)], int(proof),
                    (unsigned long long)(floats ? combined<float>(arguments[1], how, proof, type)
                                                : combined<double>(arguments[1], how, proof, type)));
      }
  for (Type type : {Type::u8, Type::u16, Type::i16, Type::f32}) {
    state = 1;
    std::printf("directions %s %016llx\n", types[int(type)],
                (unsigned long long)directions(arguments[1], type));
  }
}
