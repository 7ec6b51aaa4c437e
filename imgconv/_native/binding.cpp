// What Python sees of the core. The only file that knows Python.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "correlate.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Halves = nb::ndarray<const int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using AxisNumbers = std::vector<int64_t>;

imgconv::i128 joined(int64_t low, int64_t high) {
  return imgconv::i128(imgconv::u128(uint64_t(high)) << 64 | uint64_t(low));
}

imgconv::i128 joined(const AxisNumbers& halves) { return joined(halves.at(0), halves.at(1)); }

// An axis as Python has it: a tuple of six numbers.
imgconv::Axis axis(nb::handle tuple) {
  if (!PyTuple_Check(tuple.ptr()) || PyTuple_Size(tuple.ptr()) != 6)
    throw nb::type_error("an axis is six numbers");
  int64_t numbers[6];
  for (int i = 0; i < 6; ++i) {
    numbers[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple.ptr(), i));
    if (numbers[i] == -1 && PyErr_Occurred()) throw nb::python_error();
  }
  return {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
}

// The memory of an array of three axes, by the buffer protocol: a tenth of the time of an ndarray,
// which is a third of a call on a small image.
class Buffer {
 public:
  Buffer(nb::handle array, int flags) {
    if (PyObject_GetBuffer(array.ptr(), &view_, PyBUF_STRIDES | flags) != 0)
      throw nb::python_error();
    if (view_.ndim != 3) {
      PyBuffer_Release(&view_);
      throw nb::type_error("an array of three axes is needed");
    }
  }
  ~Buffer() { PyBuffer_Release(&view_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  unsigned char* data() const { return static_cast<unsigned char*>(view_.buf); }
  int64_t stride() const { return view_.strides[0]; }
  int64_t channels() const { return view_.shape[2]; }

  // Whether it has such items, each row's without gaps and where the processor wants them.
  bool has_whole_rows(int64_t item) const {
    return view_.itemsize == item && (view_.strides[2] == item || view_.shape[2] == 1) &&
           (view_.strides[1] == item * view_.shape[2] || view_.shape[1] == 1) &&
           reinterpret_cast<uintptr_t>(view_.buf) % size_t(item) == 0 &&
           view_.strides[0] % item == 0;
  }

  bool is(int64_t rows, int64_t columns) const {
    return view_.shape[0] == rows && view_.shape[1] == columns;
  }

 private:
  Py_buffer view_;
};

imgconv::Correlator* prepare(Halves weights, int64_t columns, const AxisNumbers& factor,
                             const AxisNumbers& added, const AxisNumbers& denominator,
                             bool absolute, int type_in, int type_out, int rounding,
                             const std::vector<int>& plan, double bound, double bound_fixed,
                             double exact_span, double relative_bound,
                             std::vector<double> column, std::vector<double> row,
                             std::string level) {
  imgconv::Specification spec;
  spec.columns = columns;
  spec.rows = int64_t(weights.shape(0)) / columns;
  for (size_t i = 0; i < weights.shape(0); ++i)
    spec.weights.push_back(joined(weights.data()[2 * i], weights.data()[2 * i + 1]));
  spec.quotient = {joined(factor), joined(added), joined(denominator), absolute};
  spec.type_in = imgconv::Type(type_in);
  spec.type_out = imgconv::Type(type_out);
  spec.rounding = imgconv::Rounding(rounding);
  spec.plan = {imgconv::Arithmetic(plan.at(0)), imgconv::Meaning(plan.at(1)), plan.at(2) != 0,
               imgconv::Arithmetic(plan.at(3)), plan.at(4), bound, bound_fixed,
               plan.at(5) != 0, exact_span, relative_bound, plan.at(6), plan.at(7),
               plan.at(8) != 0};
  spec.column = std::move(column);
  spec.row = std::move(row);
  spec.level = std::move(level);
  return new imgconv::Correlator(std::move(spec));
}

// None where the image's rows have gaps.
nb::object run(const imgconv::Correlator& correlator, nb::handle image, nb::handle target,
               nb::handle rows, nb::handle columns, int border, double border_value, int threads) {
  Buffer source(image, 0), result(target, PyBUF_WRITABLE);
  imgconv::Axis down = axis(rows), across = axis(columns);
  if (!source.has_whole_rows(correlator.item_in())) return nb::none();
  if (!result.has_whole_rows(correlator.item_out()) || !source.is(down.length, across.length) ||
      !result.is(down.out, across.out) || result.channels() != source.channels())
    throw nb::type_error("the output does not fit");
  imgconv::Picture picture{source.data(),     source.stride(),          result.data(),
                           result.stride(),   down,                     across,
                           source.channels(), imgconv::Border(border), border_value,
                           threads};
  imgconv::Tally tally;
  {
    nb::gil_scoped_release release;
    tally = correlator.run(picture);
  }
  return nb::make_tuple(tally.clipped, tally.recomputed);
}

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "The native core of imgconv; use imgconv.engines.native.";
  m.def("levels", &imgconv::levels, "Instruction sets that this CPU has, the best first.");
  nb::class_<imgconv::Correlator>(m, "Correlator")
      .def("run", &run, "image"_a, "target"_a, "rows"_a, "columns"_a,
           "border"_a, "border_value"_a, "threads"_a)
      .def_prop_ro("bytes", &imgconv::Correlator::bytes)
      .def_prop_ro("method", [](const imgconv::Correlator& c) { return int(c.method()); });
  m.def("prepare", &prepare, "weights"_a.noconvert(), "columns"_a, "factor"_a, "added"_a,
        "denominator"_a, "absolute"_a, "type_in"_a, "type_out"_a, "rounding"_a, "plan"_a,
        "bound"_a, "bound_fixed"_a, "exact_span"_a, "relative_bound"_a, "column"_a, "row"_a, "level"_a,
        nb::rv_policy::take_ownership);
}
