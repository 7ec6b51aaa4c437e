// What Python sees of the core. The only file that knows Python.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "correlate.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Image = nb::ndarray<nb::ro, nb::ndim<3>, nb::device::cpu>;
using Target = nb::ndarray<nb::ndim<3>, nb::device::cpu>;
using Halves = nb::ndarray<const int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using AxisNumbers = std::vector<int64_t>;

imgconv::i128 joined(int64_t low, int64_t high) {
  return imgconv::i128(imgconv::u128(uint64_t(high)) << 64 | uint64_t(low));
}

imgconv::i128 joined(const AxisNumbers& halves) { return joined(halves.at(0), halves.at(1)); }

imgconv::Axis axis(const AxisNumbers& n) {
  return {n.at(0), n.at(1), n.at(2), n.at(3), n.at(4), n.at(5)};
}

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

nb::tuple run(const imgconv::Correlator& correlator, Image image, Target target,
              const AxisNumbers& rows, const AxisNumbers& columns, int border,
              double border_value, int threads) {
  int64_t source_item = int64_t(image.itemsize()), target_item = int64_t(target.itemsize());
  imgconv::Picture picture{static_cast<const unsigned char*>(image.data()),
                           image.stride(0) * source_item,
                           static_cast<unsigned char*>(target.data()),
                           target.stride(0) * target_item,
                           axis(rows),
                           axis(columns),
                           int64_t(image.shape(2)),
                           imgconv::Border(border),
                           border_value,
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
      .def("run", &run, "image"_a.noconvert(), "target"_a.noconvert(), "rows"_a, "columns"_a,
           "border"_a, "border_value"_a, "threads"_a)
      .def_prop_ro("bytes", &imgconv::Correlator::bytes)
      .def_prop_ro("method", [](const imgconv::Correlator& c) { return int(c.method()); });
  m.def("prepare", &prepare, "weights"_a.noconvert(), "columns"_a, "factor"_a, "added"_a,
        "denominator"_a, "absolute"_a, "type_in"_a, "type_out"_a, "rounding"_a, "plan"_a,
        "bound"_a, "bound_fixed"_a, "exact_span"_a, "relative_bound"_a, "column"_a, "row"_a, "level"_a,
        nb::rv_policy::take_ownership);
}
