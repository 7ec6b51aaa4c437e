#include "correlate.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "cpu.hpp"
#include "even.hpp"
#include "pointwise.hpp"
#include "threads.hpp"

namespace imgconv {

// The build lists what it compiles, the best first: IMGCONV_EACH(name) for each of them.
#define IMGCONV_EACH(name) \
  namespace name {         \
  extern const Isa isa;    \
  }
IMGCONV_ISAS
#undef IMGCONV_EACH

namespace {

std::vector<const Isa*> present() {
  const uint32_t has = cpu::features();
  std::vector<const Isa*> found;
#define IMGCONV_EACH(name) \
  if ((has & name::isa.needs) == name::isa.needs) found.push_back(&name::isa);
  IMGCONV_ISAS
#undef IMGCONV_EACH
  return found;
}

std::vector<unsigned char> constant_row(const Picture& picture, Type type) {
  int64_t values = picture.columns.length * picture.channels;
  std::vector<unsigned char> row(size_t(values) * size_of(type) + 64);
  for (int64_t i = 0; i < values; ++i) {
    unsigned char* at = row.data() + size_t(i) * size_of(type);
    if (type == Type::u8) *at = (unsigned char)picture.border_value;
    if (type == Type::u16) *reinterpret_cast<uint16_t*>(at) = uint16_t(picture.border_value);
    if (type == Type::i16) *reinterpret_cast<int16_t*>(at) = int16_t(picture.border_value);
    if (type == Type::f32) *reinterpret_cast<float*>(at) = float(picture.border_value);
  }
  return row;
}

// Cosines and then sines of j full turns over n, off by at most 4 units of 2**-53: the angles are
// at most an eighth of a turn.
std::vector<double> roots_of(int64_t n) {
  std::vector<double> roots(size_t(2 * n));
  for (int64_t j = 0; j < n; ++j) {
    int64_t eighth = 8 * j / n, rest = eighth % 2 ? (eighth + 1) * n - 8 * j : 8 * j - eighth * n;
    long double angle = 0.78539816339744830961566084581987572L * (long double)rest / (long double)n;
    double cosine = double(std::cos(angle)), sine = double(std::sin(angle));
    if ((eighth + 1) / 2 % 2) std::swap(cosine, sine);
    roots[size_t(j)] = eighth >= 2 && eighth < 6 ? -cosine : cosine;
    roots[size_t(n + j)] = eighth >= 4 ? -sine : sine;
  }
  return roots;
}

}  // namespace

const std::vector<const Isa*>& isas() {
  static const std::vector<const Isa*> found = present();
  return found;
}

const Isa* find_isa(const std::string& name) {
  for (const Isa* isa : isas())
    if (isa->name == name) return isa;
  throw std::invalid_argument("this CPU has no instruction set " + name);
}

std::vector<int32_t> map_of(const Axis& axis, Border border) {
  int64_t span = axis.span();
  std::vector<int32_t> map(size_t(span), 0);
  int64_t first = std::clamp<int64_t>(axis.before, 0, span);
  int64_t last = std::clamp<int64_t>(axis.before + axis.length, first, span);
  auto outside = [&](int64_t i) {
    map[size_t(i)] = int32_t(source_index(border, i - axis.before, axis.length));
  };
  for (int64_t i = 0; i < first; ++i) outside(i);
  for (int64_t i = first; i < last; ++i) map[size_t(i)] = int32_t(i - axis.before);
  for (int64_t i = last; i < span; ++i) outside(i);
  return map;
}

int64_t source_index(Border border, int64_t i, int64_t n) {
  if (0 <= i && i < n) return i;
  auto modulo = [](int64_t a, int64_t b) { return (a % b + b) % b; };
  switch (border) {
    case Border::constant: return -1;
    case Border::replicate: return i < 0 ? 0 : n - 1;
    case Border::wrap: return modulo(i, n);
    case Border::reflect: {
      int64_t m = modulo(i, 2 * n);
      return m < n ? m : 2 * n - 1 - m;
    }
    default: {
      int64_t m = modulo(i, n > 1 ? 2 * n - 2 : 1);  // a single pixel mirrors onto itself
      return m < 2 * n - 2 - m ? m : n > 1 ? 2 * n - 2 - m : 0;
    }
  }
}

Correlator::Correlator(Specification specification)
    : spec_(std::move(specification)), isa_(find_isa(spec_.isa)) {
  Quotient& q = spec_.quotient;
  if (q.factor < 0) {
    q.factor = -q.factor;
    for (i128& weight : spec_.weights) weight = -weight;
  }
  double gain = to_double(q.factor) / to_double(q.denominator);
  for (i128 weight : spec_.weights) {
    nearest_.push_back(to_double(weight));
    real_.push_back(to_double(weight) * gain);
    (weight > 0 ? sum_positive_ : sum_negative_) += weight > 0 ? weight : -weight;
  }
  if (spec_.plan.algorithm == Algorithm::fft) transform();
  if (spec_.type_in == Type::f32 || spec_.weighs) return;
  i128 top = highest(spec_.type_in), bottom = lowest(spec_.type_in);
  i128 high = top * sum_positive_ - bottom * sum_negative_;
  i128 low = bottom * sum_positive_ - top * sum_negative_;
  const double most = 0x1p124;
  bool narrow = to_double(q.factor) * std::max(to_double(high), -to_double(low)) < most;
  i128 quarter = q.denominator >> 2;  // beyond the range by less than that still rounds into it
  bool inside = narrow && to_double(q.denominator) * 65536 < most &&
                q.factor * high + q.added <= highest(spec_.type_out) * q.denominator + quarter &&
                q.factor * low + q.added >= lowest(spec_.type_out) * q.denominator - quarter;
  clips_ = q.absolute || !inside;
  if (spec_.plan.sum_kind == SumKind::integer)
    method_ = proved_method(*isa_, q, spec_.rounding, spec_.type_out, low, high);
  bool bytes = spec_.plan.algorithm == Algorithm::taps16 && spec_.type_out == Type::u8;
  if (bytes && spec_.rounding == Rounding::half_even && !q.absolute)
    shorts_ = proved_short(q, low, high);
}

void Correlator::transform() {
  const Plan& plan = spec_.plan;
  roots_[0] = roots_of(plan.tile_rows);
  roots_[1] = roots_of(plan.tile_columns);
  for (auto& part : transformed_) part.resize(size_t(plan.tile_rows * plan.tile_columns));
  spectrum_ = {plan.tile_rows,
               plan.tile_columns,
               roots_[0].data(),
               roots_[0].data() + plan.tile_rows,
               roots_[1].data(),
               roots_[1].data() + plan.tile_columns,
               transformed_[0].data(),
               transformed_[1].data()};
  bool integers = plan.whole || plan.scaled;
  const double* weights = integers ? nearest_.data() : real_.data();
  isa_->transform_weights(spectrum_, weights, spec_.rows, spec_.columns, spectrum_.re,
                            spectrum_.im);
}

int64_t Correlator::bytes() const {
  size_t tap = sizeof(i128) + 2 * sizeof(double);
  return int64_t(spec_.weights.size() * tap + 16 * transformed_[0].size());
}

Task Correlator::task_for(const Picture& picture) const {
  Weights weights{spec_.rows,       spec_.columns,     spec_.weights.data(),
                  nearest_.data(),  real_.data(),      spec_.column.data(),
                  spec_.row.data(), nullptr,           nullptr,
                  0,                sum_positive_,     sum_negative_};
  Task task{};
  task.weighing = spec_.weighs ? &spec_.weighing : nullptr;
  task.weights = weights;
  task.quotient = spec_.quotient;
  double denominator = to_double(spec_.quotient.denominator);
  task.added = to_double(spec_.quotient.added) / denominator;
  double gain = to_double(spec_.quotient.factor) / denominator, total = 0;
  if (spec_.type_in != Type::f32)
    total = 65536.0 * double(spec_.rows * spec_.columns + 8) *
            to_double(sum_positive_ + sum_negative_) * gain;
  task.double_error = 1.02 * 0x1p-53 * (total + 4 * std::fabs(task.added)) + 1e-300;
  task.plan = spec_.plan;
  task.method = method_;
  task.shorts = shorts_;
  task.clips = clips_;
  task.type_in = spec_.type_in;
  task.type_out = spec_.type_out;
  task.rounding = spec_.rounding;
  task.rows = picture.rows;
  task.columns = picture.columns;
  task.channels = picture.channels;
  task.source = picture.source;
  task.source_stride = picture.source_stride;
  task.target = picture.target;
  task.target_stride = picture.target_stride;
  task.constant = float(picture.border_value);
  task.spectrum = &spectrum_;
  return task;
}

// Where values will be computed one by one: the weights as a sum by vectors reads them.
std::vector<double> Correlator::spread(const Picture& picture, Weights& weights) const {
  int64_t apart = picture.columns.dilation * picture.channels;
  int64_t pitch = ((spec_.columns - 1) * apart + 8) / 8 * 8, values = spec_.rows * pitch;
  bool whole = spec_.plan.sum_kind == SumKind::integer && spec_.plan.algorithm != Algorithm::exact;
  if (whole || values > 1 << 14) return {};
  std::vector<double> both(size_t(2 * values));
  for (int64_t r = 0; r < spec_.rows; ++r)
    for (int64_t c = 0; c < spec_.columns; ++c) {
      size_t from = size_t(r * spec_.columns + c), to = size_t(r * pitch + c * apart);
      both[to] = real_[from];
      both[size_t(values) + to] = nearest_[from];
    }
  weights.real_spread = both.data();
  weights.nearest_spread = both.data() + values;
  weights.pitch = pitch;
  return both;
}

// Several bands for each thread, since other work may slow one of them; each begins with a whole
// block and is high enough that the rows that it shares with its neighbour do not weigh. Where they
// do, for running sums begin with as many rows as there are taps, one for each thread.
int64_t Correlator::band_step(const Picture& picture) const {
  int64_t rows = picture.rows.out, reach = picture.rows.taps * picture.rows.dilation;
  if (spec_.plan.algorithm == Algorithm::fft) return tile_step(picture);
  int64_t least = 2 * reach > 32 ? 2 * reach : 32;
  int64_t bands = picture.threads > 1 ? std::min<int64_t>(picture.threads * 4, rows / least) : 1;
  if (spec_.plan.algorithm == Algorithm::running)
    bands = std::clamp<int64_t>(rows / reach, 1, picture.threads);
  else if (bands < picture.threads)
    bands = std::min<int64_t>(picture.threads, rows / block_rows);
  return (rows / std::max<int64_t>(bands, 1) + block_rows) / block_rows * block_rows;
}

// Of rows of tiles: where a row of them is odd two rows, as two tiles are done at a time.
int64_t Correlator::tile_step(const Picture& picture) const {
  int64_t high = spectrum_.rows - picture.rows.taps + 1;
  int64_t wide = spectrum_.columns - picture.columns.taps + 1;
  int64_t tiles = (picture.rows.out + high - 1) / high;
  if (picture.threads == 1) return tiles * high;
  bool odd = (picture.columns.out + wide - 1) / wide % 2;
  return odd && tiles >= 2 * picture.threads ? 2 * high : high;
}

void Correlator::prepare(const Picture& picture, Ready& ready) const {
  Task& task = ready.task = task_for(picture);
  ready.row_map = map_of(picture.rows, picture.border);
  ready.column_map = map_of(picture.columns, picture.border);
  if (picture.border == Border::constant) ready.constant = constant_row(picture, spec_.type_in);
  if (!spec_.weighs) ready.spread = spread(picture, task.weights);
  task.row_map = ready.row_map.data();
  task.column_map = ready.column_map.data();
  task.constant_row = ready.constant.data();
}

Counts Correlator::run(const Picture& picture, const Correlator* plain) const {
  Ready ready, even;
  prepare(picture, ready);
  const Task& task = ready.task;
  std::optional<EvenParts> parts;
  if (plain) plain->prepare(picture, even);
  if (plain || (spec_.weighs && spec_.type_in == Type::f32))
    parts.emplace(*isa_, task, plain ? &even.task : nullptr);
  int64_t rows = picture.rows.out, step = band_step(picture);
  int64_t bands = (rows + step - 1) / step;
  const auto band = spec_.weighs ? isa_->pointwise->weighed_band : isa_->band;
  std::vector<Counts> band_counts{size_t(bands)};
  each_piece(bands, picture.threads, [&](int64_t i) {
    const int64_t first = i * step, last = std::min(rows, first + step);
    band_counts[size_t(i)] = parts ? parts->run(first, last) : band(task, first, last);
  });
  Counts total;
  for (const Counts& counts : band_counts) {
    total.clipped += counts.clipped;
    total.recomputed += counts.recomputed;
  }
  return total;
}

}  // namespace imgconv
