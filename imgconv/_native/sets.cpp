#include "sets.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "threads.hpp"

namespace imgconv {
namespace {

constexpr int64_t band_bytes = 384 << 10;  // of sums, which stay in an L2 cache until they are used
constexpr int64_t most_rows = 64, rows_of_block = 4;

// The sums of one member, a few rows at a time.
class MemberSums {
 public:
  MemberSums(const SetJob& job, const Member& member, size_t item)
      : member_(member), picture_(job.picture), code_(job.code), item_(item) {
    picture_.rows = member.rows;
    picture_.columns = member.columns;
    if (member.correlator) {
      member.correlator->prepare(picture_, ready_);
    } else {
      ready_.row_map = map_of(member.rows, picture_.border);
      ready_.column_map = map_of(member.columns, picture_.border);
      list_taps();
    }
  }

  size_t bytes_of_row() const {
    return size_t(member_.columns.out * picture_.channels) * item_;
  }

  // Write the sums of some rows; `scratch` is a thread's own.
  void write(int64_t first, int64_t last, unsigned char* to, std::vector<float>& scratch) const {
    if (!member_.correlator)
      return write_ordered(first, last, reinterpret_cast<double*>(to), scratch);
    Task task = ready_.task;
    task.target_stride = int64_t(bytes_of_row());
    task.target = to - first * task.target_stride;
    member_.correlator->isa().band(task, first, last);
  }

 private:
  void list_taps() {
    const Axis &rows = member_.rows, &columns = member_.columns;
    const int64_t pitch = columns.span() * picture_.channels;
    for (int64_t r = 0; r < rows.taps; ++r)
      for (int64_t c = 0; c < columns.taps; ++c) {
        const double weight = member_.weights[size_t(r * columns.taps + c)];
        if (weight == 0) continue;
        weights_.push_back(weight);
        offsets_.push_back(r * rows.dilation * pitch + c * columns.dilation * picture_.channels);
      }
  }

  // A row with its border around it.
  void pad(int64_t position, float* to) const {
    const int64_t channels = picture_.channels;
    const Axis& columns = member_.columns;
    const int32_t at = ready_.row_map[size_t(position)];
    const float constant = float(picture_.border_value);
    const int64_t span = columns.span();
    if (at < 0) return std::fill(to, to + span * channels, constant);
    const unsigned char* bytes = picture_.source + at * picture_.source_stride;
    const float* line = reinterpret_cast<const float*>(bytes);
    const int64_t inside = std::clamp<int64_t>(columns.before, 0, span);
    const int64_t after = std::clamp<int64_t>(columns.before + columns.length, inside, span);
    if (after > inside)
      std::memcpy(to + inside * channels, line + (inside - columns.before) * channels,
                  size_t((after - inside) * channels) * sizeof(float));
    auto outside = [&](int64_t from, int64_t to_position) {
      for (int64_t x = from; x < to_position; ++x) {
        const int32_t column = ready_.column_map[size_t(x)];
        for (int64_t c = 0; c < channels; ++c)
          to[x * channels + c] = column < 0 ? constant : line[column * channels + c];
      }
    };
    outside(0, inside);
    outside(after, span);
  }

  void write_ordered(int64_t first, int64_t last, double* to, std::vector<float>& scratch) const {
    const Axis& rows = member_.rows;
    const int64_t pitch = member_.columns.span() * picture_.channels;
    const int64_t begin = first * rows.stride;
    const int64_t count = (last - first - 1) * rows.stride + (rows.taps - 1) * rows.dilation + 1;
    scratch.resize(size_t(count * pitch));
    for (int64_t i = 0; i < count; ++i) pad(begin + i, scratch.data() + i * pitch);
    const OrderedTaps taps{weights_.data(), offsets_.data(), int64_t(weights_.size())};
    const int64_t values = member_.columns.out * picture_.channels;
    for (int64_t row = 0; row < last - first; ++row)
      code_->ordered_sums(taps, scratch.data() + row * rows.stride * pitch, values,
                          to + row * values);
  }

  const Member& member_;
  Picture picture_;
  const Pointwise* code_;
  size_t item_;
  Ready ready_;
  std::vector<double> weights_;
  std::vector<int64_t> offsets_;
};

// Call use(first row, last row, the members' sums) for all rows, a few at a time.
template <class Use>
void each_band(const SetJob& job, Use use) {
  const size_t item = job.combination.wide ? 8 : 4;
  std::vector<MemberSums> members;
  members.reserve(job.members.size());
  for (const Member& member : job.members) members.emplace_back(job, member, item);
  const int64_t rows = job.members[0].rows.out;
  const int64_t row_bytes = int64_t(members[0].bytes_of_row());
  int64_t high = band_bytes / (row_bytes * int64_t(members.size())) / rows_of_block * rows_of_block;
  high = std::clamp<int64_t>(high, rows_of_block, most_rows);
  const int threads = job.picture.threads;
  const int64_t pieces = threads > 1 ? std::clamp<int64_t>(rows / (2 * high), 1, threads * 4) : 1;
  const int64_t step = ((rows + pieces - 1) / pieces + high - 1) / high * high;
  each_piece((rows + step - 1) / step, threads, [&](int64_t piece) {
    std::vector<unsigned char> memory(size_t(high * row_bytes) * members.size() + 64);
    std::vector<float> scratch;
    std::vector<const void*> sums;
    for (size_t i = 0; i < members.size(); ++i)
      sums.push_back(memory.data() + i * size_t(high * row_bytes));
    const int64_t end = std::min(rows, (piece + 1) * step);
    for (int64_t first = piece * step; first < end; first += high) {
      const int64_t last = std::min(first + high, end);
      for (size_t i = 0; i < members.size(); ++i)
        members[i].write(first, last, memory.data() + i * size_t(high * row_bytes), scratch);
      use(first, last, sums);
    }
  });
}

int64_t values_of_row(const SetJob& job) {
  return job.members[0].columns.out * job.picture.channels;
}

// The values of a band that are open, and what their members' sums are.
void note(const SetJob& job, const std::vector<uint8_t>& doubts, int64_t first,
          const std::vector<const void*>& sums, OpenValues& open) {
  const int64_t most = 1024 + job.members[0].rows.out * values_of_row(job) / 64;
  for (size_t i = 0; i < doubts.size() && !open.many; ++i) {
    if (!doubts[i]) continue;
    open.places.push_back(first + int64_t(i));
    for (const void* each : sums)
      open.sums.push_back(job.combination.wide ? static_cast<const double*>(each)[i]
                                               : double(static_cast<const float*>(each)[i]));
    open.many = int64_t(open.places.size()) > most;
  }
}

}  // namespace

int64_t run_set(const SetJob& job, OpenValues& open) {
  std::mutex counting;
  int64_t clipped = 0;
  const int64_t values = values_of_row(job);
  each_band(job, [&](int64_t first, int64_t last, const std::vector<const void*>& sums) {
    Combination set = job.combination;
    set.members = sums.data();
    set.factors = job.factors.data();
    set.count = int64_t(sums.size());
    const int64_t count = (last - first) * values;
    std::vector<uint8_t> doubts(set.proof == Proof::all ? 0 : size_t(count));
    unsigned char* to = job.picture.target + first * job.picture.target_stride;
    const int64_t found = job.code->combine(set, count, to, doubts.data());
    std::lock_guard<std::mutex> lock(counting);
    clipped += found;
    if (set.proof == Proof::none) note(job, doubts, first * values, sums, open);
  });
  return clipped;
}

void run_directions(const SetJob& job, const Turn& turn, OpenValues& open) {
  std::mutex listing;
  const int64_t values = values_of_row(job);
  each_band(job, [&](int64_t first, int64_t last, const std::vector<const void*>& sums) {
    const int64_t count = (last - first) * values;
    std::vector<uint8_t> doubts(static_cast<size_t>(count));
    const double* a = static_cast<const double*>(sums[0]);
    const double* b = static_cast<const double*>(sums[1]);
    unsigned char* to = job.picture.target + first * job.picture.target_stride;
    if (!job.code->directions(turn, a, b, count, job.combination.target.type, to, doubts.data()))
      return;
    std::lock_guard<std::mutex> lock(listing);
    note(job, doubts, first * values, sums, open);
  });
}

}  // namespace imgconv
