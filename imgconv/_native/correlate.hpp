// The native core: a kernel prepared once, applied to any number of images. No Python in here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "task.hpp"

namespace imgconv {

// What is to be computed, as the planner said it.
struct Specification {
  int64_t rows, columns;
  std::vector<i128> weights;
  Quotient quotient;  // of any sign
  Type type_in, type_out;
  Rounding rounding;
  Plan plan;
  std::vector<double> column, row;  // of a separable plan
  std::string isa;                  // the instruction set's name
  bool weighs = false;              // the last channel weighs the others, by `weighing`
  Weighing weighing{};
};

struct Picture {
  const unsigned char* source;
  int64_t source_stride;  // bytes
  unsigned char* target;
  int64_t target_stride;  // bytes
  Axis rows, columns;
  int64_t channels;
  Border border;
  double border_value;
  int threads;
};

// A task with what it points to.
struct Ready {
  Task task{};
  std::vector<int32_t> row_map, column_map;
  std::vector<unsigned char> constant;
  std::vector<double> spread;
};

class Correlator {
 public:
  explicit Correlator(Specification specification);

  // `plain` filters parts of a weighed picture in which the weight is the same everywhere.
  Counts run(const Picture& picture, const Correlator* plain = nullptr) const;

  // Get ready for bands of a picture.
  void prepare(const Picture& picture, Ready& ready) const;

  const Isa& isa() const { return *isa_; }

  // Whether a fast way to round exact sums was proved right.
  bool is_proved() const { return method_ != Method::none; }

  // Bytes of a value.
  int64_t item_in() const { return int64_t(size_of(spec_.type_in)); }
  int64_t item_out() const { return int64_t(size_of(spec_.type_out)); }

  // Roughly how much memory it holds.
  int64_t bytes() const;

 private:
  Task task_for(const Picture& picture) const;
  void transform();
  std::vector<double> spread(const Picture& picture, Weights& weights) const;
  int64_t band_step(const Picture& picture) const;
  int64_t tile_step(const Picture& picture) const;

  Specification spec_;
  std::vector<double> nearest_, real_;
  i128 sum_positive_ = 0, sum_negative_ = 0;
  const Isa* isa_;
  bool clips_ = true;
  std::vector<double> roots_[2], transformed_[2];
  Spectrum spectrum_{};
  Method method_ = Method::none;
  ShortFinish shorts_{};
};

// Return the instruction sets that this CPU has, the best first.
const std::vector<const Isa*>& isas();

// Return the instruction set of a name, or throw std::invalid_argument.
const Isa* find_isa(const std::string& name);

// The source index of each position that the taps of an axis read; -1 is the constant.
std::vector<int32_t> map_of(const Axis& axis, Border border);

// The source index of a position, or -1 for the constant.
int64_t source_index(Border border, int64_t position, int64_t length);

// The first method of which every rounded value from `low` to `high` is proved right.
Method proved_method(const Isa& isa, const Quotient& quotient, Rounding rounding, Type out,
                     i128 low, i128 high);

// The way to round sums from `low` to `high` to bytes in int16, if one was proved right.
ShortFinish proved_short(const Quotient& quotient, i128 low, i128 high);

}  // namespace imgconv
