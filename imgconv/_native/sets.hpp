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

// Directions that may be rounded the other way, with the two sums.
struct OpenDirection {
  int64_t value;
  double first, second;
};

// Compute all values; return how many were clamped.
int64_t run_set(const SetJob& job);

// Compute the directions of two members, and list those that are open; tell whether they are few.
bool run_directions(const SetJob& job, const Turn& turn, std::vector<OpenDirection>& open);

}  // namespace imgconv
