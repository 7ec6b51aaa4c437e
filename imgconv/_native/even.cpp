#include "even.hpp"

#include <algorithm>

#include "division.hpp"

namespace imgconv {
namespace {

constexpr int64_t strip = 32;         // columns that are told apart
constexpr int64_t most_pixel = 16;    // bytes
constexpr int64_t fewest_strips = 2;  // of a part: to begin one takes time
constexpr int64_t fewest_rows = 32;
constexpr int64_t near_bytes = 512 << 10;  // half of an L2 cache

// A task for some of the output columns, which reads no others than these need; `map` is for it.
Task narrowed(const Task& task, int64_t from, int64_t to, std::vector<int32_t>& map) {
  Task part = task;
  Axis& columns = part.columns;
  const int32_t* begin = task.column_map + from * columns.stride;
  columns.out = to - from;
  map.assign(begin, begin + columns.span());
  int32_t least = int32_t(columns.length - 1), most = 0;
  for (int32_t at : map)
    if (at >= 0) least = std::min(least, at), most = std::max(most, at);
  if (least > most) least = most;
  for (int32_t& at : map) at = at < 0 ? at : at - least;
  columns.before += least - from * columns.stride;
  columns.length = most - least + 1;
  part.column_map = map.data();
  part.source += least * task.channels * int64_t(size_of(task.type_in));
  part.target += from * task.channels * int64_t(size_of(task.type_out));
  return part;
}

}  // namespace

EvenParts::EvenParts(const Isa& isa, const Task& weighed, const Task* plain)
    : isa_(isa), weighed_(weighed), plain_(plain),
      strips_((weighed.columns.out + strip - 1) / strip) {
  const Axis& rows = weighed.rows;
  const int64_t reach = (rows.taps - 1) * rows.dilation / rows.stride;
  high_ = (std::max(fewest_rows, 2 * reach) + block_rows - 1) / block_rows * block_rows;
  for (int64_t i = 0; i < strips_; ++i) seen_.push_back(seen_by(i));
  if (!plain) return;
  flats_[int(Even::full)] = flat(double(highest(weighed.type_in)));
  flats_[int(Even::none)] = flat(0);
}

EvenParts::Seen EvenParts::seen_by(int64_t i) const {
  const Axis& columns = weighed_.columns;
  const int64_t last = std::min((i + 1) * strip, columns.out) - 1;
  const int32_t* map = weighed_.column_map;
  Seen seen{columns.length, -1, false};
  for (int64_t p = i * strip * columns.stride;
       p <= last * columns.stride + (columns.taps - 1) * columns.dilation; ++p) {
    seen.outside |= map[p] < 0;
    seen.first = std::min<int64_t>(seen.first, map[p]);
    seen.last = std::max<int64_t>(seen.last, map[p]);
  }
  return seen;
}

EvenParts::Flat EvenParts::flat(double level) const {
  const auto sum = [level](const Weights& w) {
    return i128(int64_t(level)) * (w.sum_positive - w.sum_negative);
  };
  const Quotient& q = weighed_.weighing->share;
  const i128 n = q.factor * sum(weighed_.weights);
  const double low = double(lowest(plain_->type_out)), high = double(highest(plain_->type_out));
  const double share = exact_whole(n < 0, magnitude_of(n), u128(q.denominator),
                                   weighed_.rounding, weighed_.type_out);
  const double made = exact_value(*plain_, sum(plain_->weights));
  const double kept = std::clamp(share, low, high);
  return {kept, kept != std::clamp(made, low, high), made < low || made > high};
}

// Whether the last channel is at a level, of which these are the bytes.
bool EvenParts::has_only(const ByteBits& bits, const unsigned char* level) const {
  const size_t item = size_of(weighed_.type_in), pixel = size_t(weighed_.channels) * item;
  for (size_t at = pixel - item; at < sizeof bits.all; at += pixel)
    for (size_t i = 0; i < item; ++i)
      if (bits.all[at + i] != level[i] || bits.any[at + i] != level[i]) return false;
  return true;
}

// See what weights strips of some output rows have.
void EvenParts::look(int64_t first, int64_t last, Even* strips) const {
  const int64_t length = weighed_.columns.length, blocks = (length + strip - 1) / strip;
  const int64_t pixel = weighed_.channels * int64_t(size_of(weighed_.type_in));
  std::vector<ByteBits> bits(static_cast<size_t>(blocks));
  for (ByteBits& each : bits) {
    std::fill(std::begin(each.all), std::end(each.all), 0xff);
    std::fill(std::begin(each.any), std::end(each.any), 0);
  }
  const Axis& rows = weighed_.rows;
  bool outside = false;
  int32_t before = -1;
  for (int64_t p = first * rows.stride;
       p <= (last - 1) * rows.stride + (rows.taps - 1) * rows.dilation; ++p) {
    const int32_t row = weighed_.row_map[p];
    outside |= row < 0;
    if (row == before || outside) continue;
    before = row;
    const unsigned char* line = weighed_.source + row * weighed_.source_stride;
    isa_.pointwise->note_bits(line, blocks - 1, strip * pixel, bits.data());
    unsigned char rest[strip * most_pixel];
    const int64_t from = (blocks - 1) * strip * pixel, count = length * pixel - from;
    for (int64_t i = 0; i < strip * pixel; i += count)
      __builtin_memcpy(rest + i, line + from, size_t(std::min(count, strip * pixel - i)));
    isa_.pointwise->note_bits(rest, 1, strip * pixel, &bits.back());
  }
  const float one = 1;
  unsigned char one_bytes[sizeof one];
  __builtin_memcpy(one_bytes, &one, sizeof one);
  const unsigned char most[] = {0xff, 0xff}, nothing[sizeof one] = {};
  const bool floats = weighed_.type_in == Type::f32;
  for (int64_t s = 0; s < strips_; ++s) {
    const Seen& seen = seen_[size_t(s)];
    bool is_full = !outside && !seen.outside, is_none = is_full;
    for (int64_t i = std::max<int64_t>(seen.first, 0) / strip; i <= seen.last / strip; ++i) {
      is_full = is_full && has_only(bits[size_t(i)], floats ? one_bytes : most);
      is_none = is_none && has_only(bits[size_t(i)], nothing);
    }
    strips[s] = is_full ? Even::full : is_none ? Even::none : Even::no;
  }
}

// Rows that look the same stay together.
std::vector<EvenParts::Part> EvenParts::parts(int64_t first, int64_t last) const {
  const int64_t looks = (last - first + high_ - 1) / high_;
  std::vector<Even> grid(size_t(looks * strips_));
  const auto end_of = [&](const Even* line, int64_t s) {
    int64_t end = s + 1;
    while (end < strips_ && line[end] == line[s]) ++end;
    return end;
  };
  for (int64_t i = 0; i < looks; ++i) {
    Even* line = grid.data() + i * strips_;
    look(first + i * high_, std::min(last, first + (i + 1) * high_), line);
    for (int64_t s = 0, end; s < strips_; s = end) {
      end = end_of(line, s);
      if (end - s < std::min(fewest_strips, strips_)) std::fill(line + s, line + end, Even::no);
    }
  }
  std::vector<Part> found;
  std::vector<bool> taken(grid.size());
  for (int64_t i = 0; i < looks; ++i)
    for (int64_t s = 0, end; s < strips_; s = end) {
      const Even* line = grid.data() + i * strips_;
      end = end_of(line, s);
      if (taken[size_t(i * strips_ + s)]) continue;
      int64_t j = i;
      for (bool same = true; same; ++j) {
        taken[size_t(j * strips_ + s)] = true;
        const Even* next = line + (j + 1 - i) * strips_;
        same = j + 1 < looks && next[s] == line[s] && (s == 0 || next[s - 1] != next[s]) &&
               end_of(next, s) == end;
      }
      found.push_back({line[s], first + i * high_, std::min(last, first + j * high_), s * strip,
                       std::min(end * strip, weighed_.columns.out)});
    }
  return found;
}

Counts EvenParts::filter(const Part& part) const {
  const bool means = part.even == Even::no || !plain_;
  const Task& whole = means ? weighed_ : *plain_;
  std::vector<int32_t> map;
  const bool wide = part.to - part.from == whole.columns.out;
  Task task = wide ? whole : narrowed(whole, part.from, part.to, map);
  task.even = part.even;
  if (means) return isa_.pointwise->weighed_band(task, part.first, part.last);
  Counts counts = isa_.band(task, part.first, part.last);
  const Flat& flat = flats_[int(part.even)];
  counts.clipped -= flat.clipped * (part.last - part.first) * (part.to - part.from);
  if (flat.differs) put_share(part, flat.share);
  return counts;
}

void EvenParts::put_share(const Part& part, double share) const {
  const int64_t channels = weighed_.channels;
  for (int64_t row = part.first; row < part.last; ++row) {
    unsigned char* line = weighed_.target + row * weighed_.target_stride;
    for (int64_t x = (part.from + 1) * channels - 1; x < part.to * channels; x += channels)
      if (size_of(weighed_.type_out) == 1) line[x] = (unsigned char)share;
      else reinterpret_cast<uint16_t*>(line)[x] = uint16_t(share);
  }
}

// A few rows at a time, which are still near when they are filtered. Where nothing is even rows
// wait, so that means have long ways to go.
Counts EvenParts::run(int64_t first, int64_t last) const {
  const int64_t bytes = weighed_.source_stride * weighed_.rows.stride;
  const int64_t fit = near_bytes / std::max<int64_t>(bytes, 1);
  const int64_t step = std::max<int64_t>(fit / high_, 1) * high_;
  Counts total;
  const auto count = [&](const Part& part) {
    if (part.first == part.last) return;
    const Counts counts = filter(part);
    total.clipped += counts.clipped;
    total.recomputed += counts.recomputed;
  };
  Part waiting{Even::no, first, first, 0, weighed_.columns.out};
  for (int64_t row = first; row < last; row += step) {
    const int64_t after = std::min(row + step, last);
    const std::vector<Part> found = parts(row, after);
    if (found.size() > 1 || found[0].even != Even::no) {
      count(waiting);
      for (const Part& part : found) count(part);
      waiting.first = after;
    }
    waiting.last = after;
  }
  count(waiting);
  return total;
}

}  // namespace imgconv
