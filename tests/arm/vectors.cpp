// The core's test vectors: every arithmetic on small pictures, a checksum of each result to stdout.
// What is printed must be the same on every machine and at every instruction set.
#include <cstdio>

#include "correlate.hpp"

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

Specification specification(const Kernel& k, Type type, Arithmetic arithmetic, Meaning meaning,
                            const std::string& level) {
  Specification spec{};
  spec.rows = spec.columns = k.side;
  bool equal = arithmetic == Arithmetic::box;
  for (int64_t i = 0; i < k.side * k.side; ++i)
    spec.weights.push_back(equal ? k.added ? 3 : 1 : i128(draw() % (2 * k.largest + 1)) - k.largest);
  spec.quotient = {1, k.added, k.denominator, false};
  spec.type_in = spec.type_out = type;
  spec.rounding = Rounding::half_even;
  // Bounds far above the true errors of kernels so small.
  double bound = type == Type::f32 ? 1e-7 : 1e-3;
  bool fft = arithmetic == Arithmetic::fft;
  double span = arithmetic == Arithmetic::f64 ? 0x1p35 : 0;  // these sums are exact in double
  spec.plan = {arithmetic, meaning, false, Arithmetic::exact, 0, bound, 1e-20, type == Type::f32,
               span, 0x1p-50, fft ? 64 : 0, fft ? 64 : 0, fft && meaning == Meaning::integer};
  spec.level = level;
  return spec;
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
  Tally tally = Correlator(spec).run(picture);
  uint64_t hash = 14695981039346656037u ^ uint64_t(tally.clipped);
  for (unsigned char byte : target) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

}  // namespace

// With the name of an instruction set print its results, without one the names that there are.
int main(int count, char** arguments) {
  if (count < 2) {
    for (const std::string& name : levels()) std::printf("%s\n", name.c_str());
    return 0;
  }
  const Kernel kernels[] = {{"small", 3, 5, 9, 64}, {"ties", 3, 4, 18, 0}, {"signed", 5, 90, 700, 0},
                            {"wide", 9, 3000, 1 << 15, 5}, {"large", 17, 50, 4099, 0}};
  const struct {
    const char* name;
    Arithmetic arithmetic;
    Meaning meaning;
    bool bytes, floats;
  } ways[] = {{"dot16", Arithmetic::dot16, Meaning::integer, true, false},
              {"box", Arithmetic::box, Meaning::integer, false, false},
              {"running", Arithmetic::running, Meaning::integer, false, false},
              {"f64", Arithmetic::f64, Meaning::real, false, true},
              {"f64 whole", Arithmetic::f64, Meaning::integer, false, false},
              {"fft", Arithmetic::fft, Meaning::real, false, true},
              {"fft whole", Arithmetic::fft, Meaning::integer, false, false},
              {"exact", Arithmetic::exact, Meaning::integer, false, true}};
  const char* types[] = {"u8", "u16", "i16", "f32"};
  for (const Kernel& kernel : kernels)
    for (const auto& way : ways)
      for (Type type : {Type::u8, Type::u16, Type::i16, Type::f32})
        for (Border border : {Border::constant, Border::reflect101, Border::wrap}) {
          if ((way.bytes && type != Type::u8) || (type == Type::f32 && !way.floats)) continue;
          state = 1;
          Specification spec = specification(kernel, type, way.arithmetic, way.meaning, arguments[1]);
          Correlator prepared(spec);
          bool whole = way.meaning == Meaning::integer && way.arithmetic != Arithmetic::exact;
          if (whole && prepared.method() == Method::none) continue;
          int64_t channels = border == Border::wrap ? 3 : 1;
          std::printf("%s %s %s %d %016llx\n", kernel.name, way.name, types[int(type)], int(border),
                      (unsigned long long)checksum(spec, channels, border));
        }
}
