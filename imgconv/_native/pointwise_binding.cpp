// What Python sees of the work on values one by one.
#include <algorithm>

#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "correlate.hpp"
#include "pointwise.hpp"
#include "threads.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using imgconv::Affinity, imgconv::Pointwise, imgconv::Type;
using Three = std::array<double, 3>;

// The memory of an array without gaps, of items of a size; None has none.
class Whole {
 public:
  Whole(nb::handle array, int64_t item, int flags = 0) {
    if (array.is_none()) return;
    if (PyObject_GetBuffer(array.ptr(), &view_, PyBUF_C_CONTIGUOUS | flags) != 0)
      throw nb::python_error();
    held_ = true;
    if (view_.itemsize == item) return;
    PyBuffer_Release(&view_);
    throw nb::type_error("the array has items of another size");
  }
  ~Whole() {
    if (held_) PyBuffer_Release(&view_);
  }
  Whole(const Whole&) = delete;
  Whole& operator=(const Whole&) = delete;

  void* data() const { return held_ ? view_.buf : nullptr; }
  int64_t values() const { return held_ ? int64_t(view_.len / view_.itemsize) : 0; }
  int64_t axis(int i) const { return held_ && i < view_.ndim ? view_.shape[i] : 1; }

  void check(int64_t values) const {
    if (held_ && this->values() != values) throw nb::type_error("the arrays do not fit");
  }

 private:
  Py_buffer view_{};
  bool held_ = false;
};

Affinity affinity(const Three& n) { return {n[0], n[1], n[2]}; }

const Pointwise& code_of(const std::string& isa) { return *imgconv::find_isa(isa)->pointwise; }

void check_channels(int64_t channels) {
  if (channels != 2 && channels != 4) throw nb::type_error("2 or 4 channels are needed");
}

nb::object weight_bits(const std::string& isa, Type type, nb::handle image) {
  Whole from(image, int64_t(size_of(type)));
  check_channels(from.axis(2));
  if (size_of(type) > 2) throw nb::type_error("whole numbers are needed");
  uint32_t all, any;
  {
    nb::gil_scoped_release release;
    code_of(isa).weight_bits(type, from.data(), from.values() / from.axis(2), from.axis(2), &all,
                             &any);
  }
  return nb::make_tuple(all, any);
}

void weigh(const std::string& isa, Type type, nb::handle image, nb::handle low, nb::handle high) {
  int64_t item = int64_t(size_of(type)), wide = item == 1 ? 2 : item;
  Whole from(image, item), to(low, wide, PyBUF_WRITABLE), above(high, wide, PyBUF_WRITABLE);
  check_channels(from.axis(2));
  to.check(from.values());
  above.check(from.values());
  if (!to.data() || (item > 1) != (above.data() != nullptr))
    throw nb::type_error("the arrays do not fit");
  nb::gil_scoped_release release;
  code_of(isa).weigh(type, from.data(), from.values() / from.axis(2), from.axis(2), to.data(),
                     above.data());
}

void premultiply(const std::string& isa, Type type, nb::handle image, nb::handle target) {
  const int64_t item = int64_t(size_of(type));
  Whole from(image, item), to(target, item == 1 ? 2 : item, PyBUF_WRITABLE);
  check_channels(from.axis(2));
  to.check(from.values());
  if (!from.data() || !to.data()) throw nb::type_error("the arrays do not fit");
  nb::gil_scoped_release release;
  code_of(isa).premultiply(type, from.data(), from.values() / from.axis(2), from.axis(2),
                           to.data());
}

nb::object means(const std::string& isa, const Three& colour, const Three& straight,
                 const Three& share, double sign, double high_unit, double doubt, bool absolute,
                 imgconv::Rounding rounding, Type type, nb::handle low, nb::handle high,
                 nb::handle straight_sums, bool wide, nb::handle target) {
  int64_t item = wide ? 8 : 4;
  if (type == Type::f32 || type == Type::f64) throw nb::type_error("an integer type is needed");
  Whole to(target, int64_t(size_of(type)), PyBUF_WRITABLE);
  Whole sums(low, item), above(high, item), plain(straight_sums, item);
  check_channels(to.axis(2));
  for (const Whole* each : {&sums, &above, &plain}) each->check(to.values());
  if (!sums.data() && !plain.data()) throw nb::type_error("sums are needed");
  imgconv::Mean mean{affinity(colour), affinity(straight), affinity(share), sign,
                     high_unit,        doubt,              {type, rounding, absolute}};
  imgconv::MeanCounts counts;
  std::vector<int64_t> places;
  {
    nb::gil_scoped_release release;
    std::vector<uint8_t> doubts(doubt == 0 ? 0 : size_t(to.values()));
    counts = code_of(isa).means(mean, {sums.data(), above.data(), plain.data(), wide},
                                to.values() / to.axis(2), to.axis(1), to.axis(2), to.data(),
                                doubts.data());
    for (size_t i = 0; counts.undecided && i < doubts.size(); ++i)
      if (doubts[i]) places.push_back(int64_t(i));
  }
  const nb::bytes open(places.data(), places.size() * sizeof(int64_t));
  return nb::make_tuple(counts.clipped, open, counts.first, counts.last + 1);
}

// Sums of an image with its border around it; the target says how many there are.
void ordered_sums(const std::string& isa, const std::vector<std::vector<double>>& weights,
                  nb::handle image, int64_t row_stride, int64_t row_dilation,
                  int64_t column_dilation, nb::handle target) {
  Whole from(image, 4), to(target, 8, PyBUF_WRITABLE);
  int64_t rows = to.axis(0), channels = to.axis(2), pitch = from.axis(1) * from.axis(2);
  int64_t taps = int64_t(weights.size()), wide = taps ? int64_t(weights[0].size()) : 0;
  bool fits = rows > 0 && wide > 0 && from.axis(2) == channels &&
              from.axis(0) >= (rows - 1) * row_stride + (taps - 1) * row_dilation + 1 &&
              from.axis(1) >= to.axis(1) + (wide - 1) * column_dilation;
  if (!fits) throw nb::type_error("the arrays do not fit");
  std::vector<double> kept;
  std::vector<int64_t> offsets;
  for (int64_t r = 0; r < taps; ++r)
    for (int64_t c = 0; c < wide; ++c)
      if (weights[size_t(r)].at(size_t(c)) != 0) {
        kept.push_back(weights[size_t(r)][size_t(c)]);
        offsets.push_back(r * row_dilation * pitch + c * column_dilation * channels);
      }
  imgconv::OrderedTaps listed{kept.data(), offsets.data(), int64_t(kept.size())};
  nb::gil_scoped_release release;
  const Pointwise& code = code_of(isa);
  int64_t count = to.axis(1) * channels;
  for (int64_t r = 0; r < rows; ++r)
    code.ordered_sums(listed, static_cast<const float*>(from.data()) + r * row_stride * pitch,
                      count, static_cast<double*>(to.data()) + r * count);
}

// Where levels begin, as arrays: of as many cells as `edge` has.
class Levels {
 public:
  Levels(nb::handle base, nb::handle edge, nb::handle near, double most)
      : base_(base, 2), edge_(edge, 8), near_(near, 4),
        found_{static_cast<const uint16_t*>(base_.data()),
               static_cast<const double*>(edge_.data()), static_cast<const float*>(near_.data()),
               double(edge_.values() - 1) / most} {
    base_.check(edge_.values());
    near_.check(edge_.values());
    if (!base_.data() || !near_.data() || edge_.values() < 2)
      throw nb::type_error("the arrays do not fit");
  }
  const imgconv::Beginnings& get() const { return found_; }

 private:
  Whole base_, edge_, near_;
  imgconv::Beginnings found_;
};

void check_levels(Type type) {
  if (type != Type::u8 && type != Type::u16) throw nb::type_error("u8 or u16 is needed");
}

int64_t encode(const std::string& isa, nb::handle base, nb::handle edge, nb::handle near,
               double most, nb::handle light, Type type, nb::handle target) {
  check_levels(type);
  Levels levels(base, edge, near, most);
  Whole from(light, 4), to(target, int64_t(size_of(type)), PyBUF_WRITABLE);
  from.check(to.values());
  if (!from.data()) throw nb::type_error("light is needed");
  nb::gil_scoped_release release;
  return code_of(isa).encode(levels.get(), most, static_cast<const float*>(from.data()),
                             from.values(), type, to.data());
}

void encode_mean(const std::string& isa, nb::handle base, nb::handle edge, nb::handle near,
                 double most, nb::handle table, const std::array<int64_t, 3>& weights,
                 int64_t total, Type type, nb::handle image, nb::handle target) {
  check_levels(type);
  Levels levels(base, edge, near, most);
  int64_t item = int64_t(size_of(type));
  Whole light(table, 8), from(image, item), to(target, item, PyBUF_WRITABLE);
  light.check(highest(type) + 1);
  from.check(3 * to.values());
  if (!light.data() || !from.data()) throw nb::type_error("arrays are needed");
  nb::gil_scoped_release release;
  code_of(isa).encode_mean(levels.get(), static_cast<const int64_t*>(light.data()), weights.data(),
                           total, type, from.data(), to.values(), to.data());
}

// White where pixels are above the thresholds of their windows, in bands on several threads.
void above_local(const std::string& isa, imgconv::Local method, int64_t window,
                 const std::array<double, 4>& numbers, const std::vector<double>& weights,
                 imgconv::Border border, Type type, nb::handle image, int threads,
                 nb::handle target) {
  check_levels(type);
  const int64_t item = int64_t(size_of(type));
  Whole from(image, item), to(target, item, PyBUF_WRITABLE);
  to.check(from.values());
  const bool weighs = method == imgconv::Local::gaussian;
  if (!from.data() || window < 1 || window % 2 == 0 ||
      (weighs && int64_t(weights.size()) != window))
    throw nb::type_error("the arrays do not fit");
  const int64_t rows = from.axis(0), columns = from.axis(1), before = window / 2;
  const std::vector<int32_t> row_map = map_of({rows, window, before, rows, 1, 1}, border);
  const std::vector<int32_t> column_map = map_of({columns, window, before, columns, 1, 1}, border);
  const imgconv::LocalJob job{method,     type,       from.data(),      rows,
                              columns,    window,     row_map.data(),   column_map.data(),
                              numbers[0], numbers[1], numbers[2],       weights.data(),
                              numbers[3]};
  nb::gil_scoped_release release;
  const Pointwise& code = code_of(isa);
  const int64_t bands = threads > 1 ? std::clamp<int64_t>(rows / (2 * window), 1, threads) : 1;
  const int64_t step = (rows + bands - 1) / bands;
  imgconv::each_piece((rows + step - 1) / step, threads, [&](int64_t i) {
    const int64_t last = std::min(rows, (i + 1) * step);
    code.above_local(job, i * step, last,
                     static_cast<unsigned char*>(to.data()) + i * step * columns * item);
  });
}

// Sums of windows: a view of six axes, two of windows and four of taps, which need not be without
// gaps. The weights' rows are the taps.
void layer_sums(const std::string& isa, Type type, nb::handle windows, int64_t stride,
                int64_t dilation, nb::handle weights, int64_t filters, nb::handle target) {
  const int64_t item = int64_t(size_of(type));
  Whole factors(weights, 8), to(target, 8, PyBUF_WRITABLE);
  Py_buffer view;
  if (PyObject_GetBuffer(windows.ptr(), &view, PyBUF_STRIDED_RO) != 0) throw nb::python_error();
  const Py_ssize_t *shape = view.shape, *steps = view.strides;
  bool fits = view.ndim == 6 && view.itemsize == item && stride > 0 && dilation > 0 &&
              (shape[5] == 1 || steps[5] == item) && filters > 0 && factors.axis(1) >= filters &&
              factors.axis(1) % 8 == 0;
  fits = fits && factors.axis(0) == shape[2] * shape[3] * shape[4] * shape[5] &&
         to.values() == shape[0] * shape[1] * filters;
  if (fits) {
    // The step of an axis that is 1 long says nothing.
    const int64_t pixel_step = shape[1] > 1 ? steps[1] / stride : steps[4] / dilation;
    const imgconv::LayerJob job{type,
                                static_cast<const unsigned char*>(view.buf),
                                shape[0], shape[1], shape[2], shape[3], shape[4], shape[5],
                                steps[0], steps[2], steps[3], pixel_step,
                                stride, dilation,
                                static_cast<const double*>(factors.data()),
                                filters, factors.axis(1)};
    nb::gil_scoped_release release;
    code_of(isa).layer_sums(job, static_cast<double*>(to.data()));
  }
  PyBuffer_Release(&view);
  if (!fits) throw nb::type_error("the arrays do not fit");
}

int64_t settle(const std::string& isa, nb::handle gains, nb::handle added, nb::handle fixed,
               nb::handle relative, nb::handle sums, nb::handle target, nb::handle doubts) {
  Whole from(sums, 8), to(target, 4, PyBUF_WRITABLE), found(doubts, 4, PyBUF_WRITABLE);
  Whole factor(gains, 8), term(added, 8), off(fixed, 8), part(relative, 8);
  const int64_t filters = factor.values();
  for (const Whole* each : {&term, &off, &part}) each->check(filters);
  to.check(from.values());
  found.check(from.values());
  if (!filters || from.values() % filters) throw nb::type_error("the arrays do not fit");
  const imgconv::LayerFinish finish{filters, static_cast<const double*>(factor.data()),
                                    static_cast<const double*>(term.data()),
                                    static_cast<const double*>(off.data()),
                                    static_cast<const double*>(part.data())};
  nb::gil_scoped_release release;
  return code_of(isa).settle(finish, static_cast<const double*>(from.data()),
                             from.values() / filters, static_cast<float*>(to.data()),
                             static_cast<int32_t*>(found.data()));
}

}  // namespace

void bind_pointwise(nb::module_& m) {
  nb::enum_<imgconv::Local>(m, "Local", "How a window gives a threshold.")
      .value("NIBLACK", imgconv::Local::niblack)
      .value("SAUVOLA", imgconv::Local::sauvola)
      .value("MEAN", imgconv::Local::mean)
      .value("GAUSSIAN", imgconv::Local::gaussian);
  m.def("above_local", &above_local, "isa"_a, "method"_a, "window"_a, "numbers"_a, "weights"_a,
        "border"_a, "type"_a, "image"_a, "threads"_a, "target"_a);
  using imgconv::Combine, imgconv::Proof;
  nb::enum_<Combine>(m, "Combine", "How the sums of a set's members become one value.")
      .value("ROOT", Combine::root)
      .value("SUM_ABS", Combine::sum_abs)
      .value("MAX", Combine::max)
      .value("MAX_ABS", Combine::max_abs)
      .value("WINNER", Combine::winner)
      .value("WINNER_ABS", Combine::winner_abs);
  nb::enum_<Proof>(m, "Proof", "Which steps that combine sums round right.")
      .value("ALL", Proof::all)
      .value("IN_DOUBLE", Proof::in_double)
      .value("NONE", Proof::none);
  m.def("weight_bits", &weight_bits, "isa"_a, "type"_a, "image"_a);
  m.def("weigh", &weigh, "isa"_a, "type"_a, "image"_a, "low"_a, "high"_a.none());
  m.def("premultiply", &premultiply, "isa"_a, "type"_a, "image"_a, "target"_a);
  m.def("means", &means, "isa"_a, "colour"_a, "straight"_a, "share"_a, "sign"_a, "high_unit"_a,
        "doubt"_a, "absolute"_a, "rounding"_a, "type"_a, "low"_a.none(), "high"_a.none(),
        "straight_sums"_a.none(), "wide"_a, "target"_a);
  m.def("ordered_sums", &ordered_sums, "isa"_a, "weights"_a, "image"_a, "row_stride"_a,
        "row_dilation"_a, "column_dilation"_a, "target"_a);
  m.def("layer_sums", &layer_sums, "isa"_a, "type"_a, "windows"_a, "stride"_a, "dilation"_a,
        "weights"_a, "filters"_a, "target"_a);
  m.def("settle", &settle, "isa"_a, "gains"_a, "added"_a, "fixed"_a, "relative"_a, "sums"_a,
        "target"_a, "doubts"_a);
  m.def("encode", &encode, "isa"_a, "base"_a, "edge"_a, "near"_a, "most"_a, "light"_a, "type"_a,
        "target"_a);
  m.def("encode_mean", &encode_mean, "isa"_a, "base"_a, "edge"_a, "near"_a, "most"_a, "table"_a,
        "weights"_a, "total"_a, "type"_a, "image"_a, "target"_a);
}
