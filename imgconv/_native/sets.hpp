// The values of a set of kernels: sums of its members, a few rows at a time, and what they become.
#pragma once

#include <vector>

#include "correlate.hpp"
#include "pointwise.hpp"

namespace imgconv {

// One kernel of a set: a correlator that writes exact sums, or weights for ordered sums of floats.
struct Member {
  const Correlator* correlator;
  std::vector<double> weights;  // row by row
  Axis rows, columns;
};

struct SetJob {
  std::vector<Member> members;
  std::vector<double> factors;
  Combination combination;
  Picture picture;  // its axes are those of the members; the target has no gaps
  const Pointwise* code;
};

// Values that may be rounded the other way, with the members' sums one after the other; none of
// them where they are many.
struct OpenValues {
  std::vector<int64_t> places;
  std::vector<double> sums;
  bool many = false;
};

// Compute all values; return how many were clamped, and list those that are open, which are 0.
int64_t run_set(const SetJob& job, OpenValues& open);

// Compute the directions of two members, and list those that are open.
void run_directions(const SetJob& job, const Turn& turn, OpenValues& open);

}  // namespace imgconv
