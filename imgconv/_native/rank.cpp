// A histogram moves along each row: values that leave the window are taken out and those that enter
// it put in (Huang, Yang and Tang 1979). It has three levels, so that a value is found in few steps.
#include "rank.hpp"

#include <algorithm>

namespace imgconv {
namespace {

class Histogram {
 public:
  Histogram() : blocks_(256), groups_(4096), values_(65536) {}

  void clear() {
    std::fill(blocks_.begin(), blocks_.end(), 0);
    std::fill(groups_.begin(), groups_.end(), 0);
    std::fill(values_.begin(), values_.end(), 0);
    block_ = below_ = 0;
  }

  void add(uint16_t value) { change(value, 1); }
  void remove(uint16_t value) { change(value, -1); }

  // The value at a place of all values in order. The search begins where the last one ended.
  uint16_t at(int64_t rank) {
    while (below_ > rank) below_ -= blocks_[size_t(--block_)];
    while (below_ + blocks_[size_t(block_)] <= rank) below_ += blocks_[size_t(block_++)];
    int64_t left = rank - below_;
    size_t group = size_t(block_) << 4;
    while (groups_[group] <= left) left -= groups_[group++];
    size_t value = group << 4;
    while (values_[value] <= left) left -= values_[value++];
    return uint16_t(value);
  }

 private:
  void change(uint16_t value, int32_t by) {
    blocks_[value >> 8] += by;
    groups_[value >> 4] += by;
    values_[value] += by;
    below_ += (value >> 8) < block_ ? by : 0;
  }

  std::vector<int32_t> blocks_, groups_, values_;
  int64_t block_ = 0;  // where the last search ended
  int64_t below_ = 0;  // how many values lie in blocks before it
};

}  // namespace

void find_ranks(const RankJob& job) {
  Histogram histogram;
  for (int64_t y = 0; y < job.rows; ++y) {
    histogram.clear();
    const uint16_t* top = job.pixels + y * job.pixels_pitch;
    for (const Run& run : job.window)
      for (int64_t x = run.start; x < run.stop; ++x)
        histogram.add(top[run.row * job.pixels_pitch + x]);
    uint16_t* out = job.out + y * job.out_pitch;
    out[0] = histogram.at(job.rank);
    for (int64_t x = 1; x < job.columns; ++x) {
      for (const Run& run : job.window) {
        const uint16_t* row = top + run.row * job.pixels_pitch + x;
        histogram.remove(row[run.start - 1]);
        histogram.add(row[run.stop - 1]);
      }
      out[x] = histogram.at(job.rank);
    }
  }
}

}  // namespace imgconv
