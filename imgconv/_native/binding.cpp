// What Python sees of the core. The files that end in binding.cpp alone know Python.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "correlate.hpp"
#include "sets.hpp"

namespace nb = nanobind;
using namespace nb::literals;

void bind_pointwise(nb::module_& m);  // pointwise_binding.cpp
void bind_rank(nb::module_& m);       // rank_binding.cpp

namespace {

using Halves = nb::ndarray<const int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Half = std::array<int64_t, 2>;  // of 128 bits, the low half first

imgconv::i128 joined(int64_t low, int64_t high) {
  return imgconv::i128(imgconv::u128(uint64_t(high)) << 64 | uint64_t(low));
}

imgconv::i128 joined(const Half& halves) { return joined(halves[0], halves[1]); }

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

// The quotients of weighed means, three numbers each, and the bounds on their errors.
void weigh(imgconv::Specification& spec, const Halves& quotients,
           const std::vector<double>& numbers) {
  if (quotients.shape(0) != 9 || numbers.size() != 15) throw nb::type_error("numbers are missing");
  imgconv::Quotient found[3];
  for (size_t i = 0; i < 3; ++i) {
    auto number = [&](size_t j) {
      const int64_t* at = quotients.data() + 2 * (3 * i + j);
      return joined(at[0], at[1]);
    };
    found[i] = {number(0), number(1), number(2), spec.quotient.absolute};
  }
  spec.weighs = true;
  spec.weighing = {found[0],   found[1],   found[2],   numbers[0], numbers[1], numbers[2] != 0,
                   numbers[3], numbers[4], numbers[5], numbers[6], numbers[7], numbers[8],
                   numbers[9], numbers[10], numbers[11], numbers[12] != 0, numbers[13],
                   numbers[14]};
}

imgconv::Correlator* prepare(Halves weights, int64_t columns, const Half& factor,
                             const Half& added, const Half& denominator, bool absolute,
                             imgconv::Type type_in, imgconv::Type type_out,
                             imgconv::Rounding rounding, const imgconv::Plan& plan,
                             std::vector<double> column, std::vector<double> row,
                             std::string isa, std::optional<Halves> quotients,
                             const std::vector<double>& weighing) {
  imgconv::Specification spec;
  spec.columns = columns;
  spec.rows = int64_t(weights.shape(0)) / columns;
  for (size_t i = 0; i < weights.shape(0); ++i)
    spec.weights.push_back(joined(weights.data()[2 * i], weights.data()[2 * i + 1]));
  spec.quotient = {joined(factor), joined(added), joined(denominator), absolute};
  spec.type_in = type_in;
  spec.type_out = type_out;
  spec.rounding = rounding;
  spec.plan = plan;
  spec.column = std::move(column);
  spec.row = std::move(row);
  spec.isa = std::move(isa);
  if (quotients) weigh(spec, *quotients, weighing);
  return new imgconv::Correlator(std::move(spec));
}

// Returns how many values were clipped and how many computed again, or None where the image's rows
// have gaps.
nb::object run(const imgconv::Correlator& correlator, nb::handle image, nb::handle target,
               nb::handle rows, nb::handle columns, imgconv::Border border, double border_value,
               int threads, const imgconv::Correlator* plain) {
  Buffer source(image, 0), result(target, PyBUF_WRITABLE);
  imgconv::Axis down = axis(rows), across = axis(columns);
  if (!source.has_whole_rows(correlator.item_in())) return nb::none();
  if (!result.has_whole_rows(correlator.item_out()) || !source.is(down.length, across.length) ||
      !result.is(down.out, across.out) || result.channels() != source.channels())
    throw nb::type_error("the output does not fit");
  imgconv::Picture picture{source.data(),     source.stride(),          result.data(),
                           result.stride(),   down,                     across,
                           source.channels(), border, border_value,
                           threads};
  if (plain && (plain->item_in() != correlator.item_in() ||
                plain->item_out() != correlator.item_out()))
    throw nb::type_error("the plain kernel does not fit");
  imgconv::Counts counts;
  {
    nb::gil_scoped_release release;
    counts = correlator.run(picture, plain);
  }
  return nb::make_tuple(counts.clipped, counts.recomputed);
}

// What a set needs besides how its members' sums become values.
imgconv::SetJob set_job(const std::string& isa, nb::list members, const Buffer& source,
                        const Buffer& result, imgconv::Border border, double border_value,
                        int threads, bool wide) {
  imgconv::SetJob job;
  job.code = imgconv::find_isa(isa)->pointwise;
  for (nb::handle member : members) {
    nb::tuple parts = nb::cast<nb::tuple>(member);
    imgconv::Member found{};
    if (!parts[0].is_none()) found.correlator = nb::cast<const imgconv::Correlator*>(parts[0]);
    found.weights = nb::cast<std::vector<double>>(parts[1]);
    found.rows = axis(parts[2]);
    found.columns = axis(parts[3]);
    const int64_t item = found.correlator ? found.correlator->item_in() : 4;
    const bool fits = source.has_whole_rows(item) &&
                      source.is(found.rows.length, found.columns.length) &&
                      result.is(found.rows.out, found.columns.out) &&
                      result.channels() == source.channels() &&
                      (found.correlator ? found.correlator->item_out() == (wide ? 8 : 4)
                                        : wide && int64_t(found.weights.size()) ==
                                                      found.rows.taps * found.columns.taps);
    if (!fits) throw nb::type_error("the arrays do not fit");
    job.members.push_back(std::move(found));
  }
  if (job.members.empty()) throw nb::type_error("a set has members");
  job.combination.wide = wide;
  job.picture = {source.data(), source.stride(), result.data(), result.stride(),
                 job.members[0].rows, job.members[0].columns, source.channels(), border,
                 border_value, threads};
  return job;
}

// Values that are open: their places, and the sums of all members of each; None where they are many.
nb::object listed(const imgconv::OpenValues& open) {
  if (open.many) return nb::none();
  return nb::make_tuple(open.places, open.sums);
}

// How many values were clamped, and those that are open.
nb::object run_set(const std::string& isa, nb::list members, const std::vector<double>& factors,
                   imgconv::Combine how, const std::array<double, 3>& value,
                   imgconv::Proof proof, bool absolute, imgconv::Rounding rounding,
                   imgconv::Type type, bool may_be_nan, bool wide, nb::handle image,
                   imgconv::Border border, double border_value, int threads, nb::handle target) {
  Buffer source(image, 0), result(target, PyBUF_WRITABLE);
  imgconv::SetJob job = set_job(isa, members, source, result, border, border_value, threads, wide);
  const bool whole = type != imgconv::Type::f32 && type != imgconv::Type::f64;
  const bool roots = how == imgconv::Combine::root;  // of floats alone doubles decide
  const bool can_be = proof == imgconv::Proof::all ||
                      (whole && (proof == imgconv::Proof::none ? wide || roots : roots && !wide));
  if (type == imgconv::Type::f64 || factors.size() != job.members.size() ||
      !result.has_whole_rows(int64_t(size_of(type))) || !can_be)
    throw nb::type_error("the arrays do not fit");
  job.factors = factors;
  job.combination.how = how;
  job.combination.value = {value[0], value[1], value[2]};
  job.combination.target = {type, rounding, absolute};
  job.combination.may_be_nan = may_be_nan;
  job.combination.proof = proof;
  imgconv::OpenValues open;
  int64_t clipped;
  {
    nb::gil_scoped_release release;
    clipped = imgconv::run_set(job, open);
  }
  return nb::make_tuple(clipped, listed(open));
}

nb::object run_directions(const std::string& isa, nb::list members,
                          const std::array<double, 4>& moments, double levels, double low,
                          imgconv::Type type, nb::handle image, imgconv::Border border,
                          double border_value, int threads, nb::handle target) {
  Buffer source(image, 0), result(target, PyBUF_WRITABLE);
  imgconv::SetJob job = set_job(isa, members, source, result, border, border_value, threads, true);
  if (type == imgconv::Type::f64 || job.members.size() != 2 ||
      !result.has_whole_rows(int64_t(size_of(type))))
    throw nb::type_error("the arrays do not fit");
  job.combination.target.type = type;
  imgconv::Turn turn{moments[0], moments[1], moments[2], moments[3], levels, low};
  imgconv::OpenValues open;
  {
    nb::gil_scoped_release release;
    imgconv::run_directions(job, turn, open);
  }
  return listed(open);
}

void bind_sets(nb::module_& m) {
  m.def("run_set", &run_set, "isa"_a, "members"_a, "factors"_a, "how"_a, "value"_a, "proof"_a,
        "absolute"_a, "rounding"_a, "type"_a, "may_be_nan"_a, "wide"_a, "image"_a, "border"_a,
        "border_value"_a, "threads"_a, "target"_a,
        "Write the values of a set; return how many were clamped, and those that are open.");
  m.def("run_directions", &run_directions, "isa"_a, "members"_a, "moments"_a, "levels"_a, "low"_a,
        "type"_a, "image"_a, "border"_a, "border_value"_a, "threads"_a, "target"_a,
        "Write directions of a pair; return those that are open.");
}

void bind_enums(nb::module_& m) {
  using namespace imgconv;
  nb::enum_<Type>(m, "Type", "The type of a pixel's values.")
      .value("U8", Type::u8)
      .value("U16", Type::u16)
      .value("I16", Type::i16)
      .value("F32", Type::f32)
      .value("F64", Type::f64);
  nb::enum_<Rounding>(m, "Rounding", "How values become whole numbers.")
      .value("HALF_EVEN", Rounding::half_even)
      .value("HALF_UP", Rounding::half_up)
      .value("HALF_DOWN", Rounding::half_down)
      .value("TRUNCATE", Rounding::truncate);
  nb::enum_<Border>(m, "Border", "What stands around an image.")
      .value("CONSTANT", Border::constant)
      .value("REPLICATE", Border::replicate)
      .value("REFLECT", Border::reflect)
      .value("REFLECT101", Border::reflect101)
      .value("WRAP", Border::wrap);
  nb::enum_<Algorithm>(m, "Algorithm", "How the weighted sums are computed.")
      .value("TAPS16", Algorithm::taps16)
      .value("DOT8", Algorithm::dot8)
      .value("DOT16", Algorithm::dot16)
      .value("F32", Algorithm::f32)
      .value("F64", Algorithm::f64)
      .value("BOX", Algorithm::box)
      .value("RUNNING", Algorithm::running)
      .value("FFT", Algorithm::fft)
      .value("EXACT", Algorithm::exact);
  nb::enum_<SumKind>(m, "SumKind", "What the sums are.")
      .value("INTEGER", SumKind::integer)
      .value("FIXED", SumKind::fixed)
      .value("REAL", SumKind::real);
}

void bind_plans(nb::module_& m) {
  using imgconv::Capabilities, imgconv::Plan;
  nb::class_<Capabilities>(m, "Capabilities", "What an instruction set can do.")
      .def_ro("vector_bytes", &Capabilities::vector_bytes)
      .def_ro("fused", &Capabilities::fused)
      .def_ro("taps16", &Capabilities::taps16)
      .def_ro("dot8", &Capabilities::dot8)
      .def_ro("word_pairs", &Capabilities::word_pairs)
      .def_ro("symmetric", &Capabilities::symmetric);
  nb::class_<Plan>(m, "Plan", "How a correlation is computed; see imgconv.engines.plan.")
      .def(nb::init<>())
      .def_rw("algorithm", &Plan::algorithm)
      .def_rw("sum_kind", &Plan::sum_kind)
      .def_rw("separable", &Plan::separable)
      .def_rw("horizontal", &Plan::horizontal)
      .def_rw("shift", &Plan::shift)
      .def_rw("bound", &Plan::bound)
      .def_rw("bound_fixed", &Plan::bound_fixed)
      .def_rw("scaled", &Plan::scaled)
      .def_rw("exact_span", &Plan::exact_span)
      .def_rw("relative_bound", &Plan::relative_bound)
      .def_rw("value_bound", &Plan::value_bound)
      .def_rw("tile_rows", &Plan::tile_rows)
      .def_rw("tile_columns", &Plan::tile_columns)
      .def_rw("whole", &Plan::whole);
}

std::vector<std::string> names_of_isas() {
  std::vector<std::string> names;
  for (const imgconv::Isa* isa : imgconv::isas()) names.emplace_back(isa->name);
  return names;
}

}  // namespace

NB_MODULE(_core, m) {
  nb::set_leak_warnings(false);  // kernels that are kept for the next call live until the end
  m.doc() = "The native core of imgconv; use imgconv.engines.native.";
  bind_enums(m);
  bind_plans(m);
  bind_pointwise(m);
  bind_rank(m);
  m.def("isas", &names_of_isas, "Return the instruction sets that this CPU has, the best first.");
  m.def(
      "capabilities",
      [](const std::string& isa) { return imgconv::find_isa(isa)->capabilities; }, "isa"_a,
      "Return what an instruction set can do.");
  nb::class_<imgconv::Correlator>(m, "Correlator", "A kernel that is ready for images.")
      .def("run", &run, "image"_a, "target"_a, "rows"_a, "columns"_a, "border"_a,
           "border_value"_a, "threads"_a, "plain"_a.none() = nb::none())
      .def_prop_ro("bytes", &imgconv::Correlator::bytes)
      .def_prop_ro("is_proved", &imgconv::Correlator::is_proved);
  bind_sets(m);
  m.def("prepare", &prepare, "weights"_a.noconvert(), "columns"_a, "factor"_a, "added"_a,
        "denominator"_a, "absolute"_a, "type_in"_a, "type_out"_a, "rounding"_a, "plan"_a,
        "column"_a, "row"_a, "isa"_a, "quotients"_a.noconvert() = nb::none(),
        "weighing"_a = std::vector<double>{}, nb::rv_policy::take_ownership);
}
