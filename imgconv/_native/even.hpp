// Weighed pictures in parts: where all weights that windows see are full, or all are 0, colours are
// plain sums, which take a fraction of the time of means.
#pragma once

#include <vector>

#include "pointwise.hpp"
#include "task.hpp"

namespace imgconv {

class EvenParts {
 public:
  // `plain` filters all channels alike, to the colours that an even weight leaves; of floats, which
  // the definition rounds on their way, there is none: the weighed task is told.
  EvenParts(const Isa& isa, const Task& weighed, const Task* plain);

  // Filter a band of output rows.
  Counts run(int64_t first, int64_t last) const;

 private:
  // Source columns from which a strip of output columns is made.
  struct Seen {
    int64_t first, last;
    bool outside;  // the constant too
  };

  // What becomes of a weight that is the same everywhere.
  struct Flat {
    double share;
    bool differs;      // from what `plain` makes of it,
    int64_t clipped;   // which may count as clamped
  };

  struct Part {
    Even even;
    int64_t first, last, from, to;  // output rows, and columns
  };

  Seen seen_by(int64_t strip) const;
  Flat flat(double level) const;
  bool has_only(const ByteBits& bits, const unsigned char* level) const;
  void look(int64_t first, int64_t last, Even* strips) const;
  std::vector<Part> parts(int64_t first, int64_t last) const;
  Counts filter(const Part& part) const;
  void put_share(const Part& part, double share) const;

  const Isa& isa_;
  const Task& weighed_;
  const Task* plain_;
  int64_t strips_, high_;  // and rows of a look
  std::vector<Seen> seen_;
  Flat flats_[3];
};

}  // namespace imgconv
