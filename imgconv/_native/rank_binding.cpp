// What Python sees of order statistics.
#include <stdexcept>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>

#include "correlate.hpp"
#include "rank.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Plane = nb::ndarray<uint16_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Runs = nb::ndarray<const int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Places = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Pixels = nb::ndarray<nb::ndim<3>, nb::device::cpu>;
using Two = std::array<int64_t, 2>;

// One value of each window of a plane: the one at a place of its values in order.
void find_ranks(const Plane& pixels, const Plane& out, const Runs& runs, int64_t rank) {
  imgconv::RankJob job{pixels.data(), int64_t(pixels.shape(1)), out.data(), int64_t(out.shape(1)),
                       int64_t(out.shape(0)), int64_t(out.shape(1)), {}, rank};
  const int64_t down = int64_t(pixels.shape(0)) - job.rows;
  const int64_t across = int64_t(pixels.shape(1)) - job.columns;
  int64_t count = 0;
  if (runs.shape(1) != 3) throw std::invalid_argument("a run is a row, a start and a stop");
  for (size_t i = 0; i < runs.shape(0); ++i) {
    const int64_t* run = runs.data() + 3 * i;
    if (run[0] < 0 || run[0] > down || run[1] < 0 || run[1] >= run[2] || run[2] > across + 1)
      throw std::invalid_argument("a run reaches beyond the pixels");
    job.window.push_back({run[0], run[1], run[2]});
    count += run[2] - run[1];
  }
  if (rank < 0 || rank >= count || job.rows < 1 || job.columns < 1)
    throw std::invalid_argument("no window has a value at this place");
  nb::gil_scoped_release released;
  imgconv::find_ranks(job);
}

bool has_whole_rows(const Pixels& image, imgconv::Type type) {
  const int64_t channels = int64_t(image.shape(2));
  return image.itemsize() == size_t(imgconv::size_of(type)) &&
         (channels == 1 || image.stride(2) == 1) &&
         (image.shape(1) == 1 || image.stride(1) == channels) &&
         (image.shape(0) == 1 || image.stride(0) >= 0);
}

// Whether places are within an image, those from `before` on being its own side by side.
bool are_within(const Places& places, int64_t before, int64_t length) {
  const int64_t count = int64_t(places.shape(0));
  if (before < 0 || before > count) return false;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t place = places.data()[i];
    const bool inside = i >= before && i < before + length;
    if (place < -1 || place >= length || (inside && place != i - before)) return false;
  }
  return true;
}

bool lies_within(const imgconv::Stretch& stretch, int64_t length, const imgconv::NetworkJob& job) {
  return stretch.buffer >= 0 && stretch.buffer < job.buffers && stretch.start >= 0 && length >= 0 &&
         length <= job.size - stretch.start;
}

imgconv::WindowsJob windows_job(imgconv::Type type, const Pixels& image, const Places& rows,
                                const Places& columns, int64_t before, double outside,
                                const Two& window, const Pixels& target) {
  imgconv::WindowsJob job{
      type, image.data(), image.stride(0), int64_t(image.shape(2)), int64_t(image.shape(1)),
      rows.data(), columns.data(), before, outside, target.data(), target.stride(0),
      int64_t(target.shape(0)), int64_t(target.shape(1)), window[0], window[1]};
  const bool fits = has_whole_rows(image, type) && has_whole_rows(target, type) &&
                    int64_t(target.shape(2)) == job.channels && window[0] > 0 && window[1] > 0 &&
                    int64_t(rows.shape(0)) == job.rows + window[0] - 1 &&
                    int64_t(columns.shape(0)) == job.columns + window[1] - 1 &&
                    are_within(columns, before, job.image_columns);
  if (!fits) throw std::invalid_argument("the arrays do not fit");
  for (size_t i = 0; i < rows.shape(0); ++i)
    if (rows.data()[i] < -1 || rows.data()[i] >= int64_t(image.shape(0)))
      throw std::invalid_argument("a row lies outside the image");
  return job;
}

// The first output of a sorting network for each window of an image; see rank.hpp.
void run_network(const std::string& isa, imgconv::Type type, const Pixels& image,
                 const Places& rows, const Places& columns, int64_t before, double outside,
                 const Two& window, const Two& tile, const Runs& comparisons, int64_t buffers,
                 int64_t size, const Two& result, const Pixels& target) {
  imgconv::NetworkJob job{
      windows_job(type, image, rows, columns, before, outside, window, target),
      tile[0], tile[1], {}, buffers, size, {result[0], result[1]}};
  const int64_t pitch = (tile[1] + window[1] - 1) * job.channels;
  bool within = tile[0] > 0 && tile[1] > 0 && tile[0] <= job.rows && tile[1] <= job.columns &&
                comparisons.shape(1) == 7 && buffers > 0 &&
                size >= (tile[0] + window[0] - 1) * pitch &&
                lies_within(job.result, (tile[0] - 1) * pitch + tile[1] * job.channels, job);
  for (size_t i = 0; within && i < comparisons.shape(0); ++i) {
    const int64_t* n = comparisons.data() + 7 * i;
    job.comparisons.push_back({n[0] != 0, {n[1], n[2]}, {n[3], n[4]}, n[5], n[6]});
    within = lies_within({n[1], n[2]}, n[6], job) && lies_within({n[3], n[4]}, n[6], job) &&
             lies_within({n[5], 0}, n[6], job);
  }
  if (!within) throw std::invalid_argument("a comparison reaches beyond its buffer");
  nb::gil_scoped_release released;
  imgconv::find_isa(isa)->run_network(job);
}

// Medians of 3 x 3 or 5 x 5 pixels, of images that are at least a vector across.
void run_medians(const std::string& isa, imgconv::Type type, const Pixels& image,
                 const Places& rows, const Places& columns, int64_t before, double outside,
                 int64_t side, const Pixels& target) {
  const imgconv::Isa& code = *imgconv::find_isa(isa);
  if (side != 3 && side != 5) throw std::invalid_argument("the side is 3 or 5");
  const imgconv::WindowsJob job =
      windows_job(type, image, rows, columns, before, outside, {side, side}, target);
  const int64_t least = code.capabilities.vector_bytes / int64_t(imgconv::size_of(type));
  const bool whole = before + job.image_columns <= int64_t(columns.shape(0));
  if (!whole || job.columns * job.channels < least || job.image_columns * job.channels < least)
    throw std::invalid_argument("the image is too narrow");
  nb::gil_scoped_release released;
  code.run_medians(job);
}

}  // namespace

void bind_rank(nb::module_& m) {
  m.def("find_ranks", &find_ranks, "pixels"_a.noconvert(), "out"_a.noconvert(),
        "runs"_a.noconvert(), "rank"_a, "Find the value at a place of every window in order.");
  m.def("run_network", &run_network, "isa"_a, "type"_a, "image"_a.noconvert(),
        "rows"_a.noconvert(), "columns"_a.noconvert(), "before"_a, "outside"_a, "window"_a,
        "tile"_a, "comparisons"_a.noconvert(), "buffers"_a, "size"_a, "result"_a, "target"_a.noconvert(),
        "Fill a target with the first output of a sorting network for each window.");
  m.def("run_medians", &run_medians, "isa"_a, "type"_a, "image"_a.noconvert(),
        "rows"_a.noconvert(), "columns"_a.noconvert(), "before"_a, "outside"_a, "side"_a,
        "target"_a.noconvert(), "Fill a target with the medians of 3 x 3 or 5 x 5 pixels.");
}
