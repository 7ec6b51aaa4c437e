// The ends of rows with the border on, so that what sees it is done like what does not.
#pragma once

#include "scratch.hpp"
#include "../simd/simd.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

// A part of an output row, and lines that show what its blocks see: value x of the span is at
// x - start.
struct Stretch {
  int64_t first, last;  // values of the row
  const unsigned char* const* lines;
  int64_t start;
};

// Whether a picture is larger than caches that are near.
static inline bool is_far(const Task& task) {
  return task.rows.length * task.source_stride > 1 << 20;
}

// An output row in three stretches: the middle sees the lines themselves, the ends see copies with
// the border on. Of a row that is short enough for the nearest cache the left end is all: to copy
// it takes less than to begin three times.
template <class Value>
class RowEnds {
 public:
  Stretch interior, left, right;

  // Whether the border is no more than a row and what kernels of usual size add to it.
  static bool serves(const Task& task) {
    return task.columns.span() <= 2 * task.columns.length + 4096;
  }

  // Blocks are of `width` values, and read `past` more than they see.
  IMGCONV_NOINLINE RowEnds(Scratch& scratch, const Task& task, const unsigned char* const* lines,
                           int64_t count, int64_t width, int64_t past = 0)
      : task_(task), lines_(lines), count_(count) {
    const Axis& columns = task.columns;
    int64_t before = columns.before * task.channels, length = columns.length * task.channels;
    int64_t reach = (columns.taps - 1) * columns.dilation * task.channels + past;
    int64_t end = columns.out * task.channels;
    int64_t first = before > 0 ? (before + width - 1) / width * width : 0;
    int64_t limit = before + length - reach < end ? before + length - reach : end;
    int64_t blocks = limit > first && end > short_row ? (limit - first) / width : 0;
    if (!blocks) first = end;
    int64_t last = first + blocks * width;
    interior = {first, last, lines, before};
    left = copied(scratch, 0, first, 0, first + reach);
    int64_t start = last < end - width ? last : end - width;  // the last block overlaps
    right = copied(scratch, last, end, start, end + reach);
  }

  // Copy the ends of the lines, which stand at a position of the span and after it; what the last
  // call has copied is kept.
  IMGCONV_NOINLINE void fill(int64_t position) {
    if (copied_to_ < position) copied_to_ = position;
    const int64_t begin = int64_t(uint32_t(position) % uint32_t(count_));  // the only division
    for (const Copy& copy : copies_) {
      if (!copy.memory) continue;
      for (int64_t i = 0, slot = begin; i < count_; ++i) {
        Value* to = copy.memory + slot * copy.pitch;
        if (++slot == count_) slot = 0;
        copy.lines[i] = reinterpret_cast<const unsigned char*>(to);
        if (position + i < copied_to_) continue;
        const Value* line = reinterpret_cast<const Value*>(lines_[i]);
        put(to + copy.inside, line + copy.from, copy.values);
        for (const Edge *edge = copy.edges, *end = edge + copy.edge_count; edge != end; ++edge)
          to[edge->to] = edge->from < 0 ? Value(task_.constant) : line[edge->from];
      }
    }
    copied_to_ = position + count_;
  }

 private:
  static constexpr int64_t short_row = sizeof(Value) == 1 ? 4096 : 0;

  struct Edge {
    int32_t to, from;  // values of the copy and of the line; -1 is the constant
  };

  // Of an end of each line: values from the line, and edges around them.
  struct Copy {
    Value* memory;
    const unsigned char** lines;
    int64_t pitch, inside, from, values, edge_count;
    Edge* edges;
  };

  // Make room for copies of the values from `start` to `stop` of the span.
  IMGCONV_NOINLINE Stretch copied(Scratch& scratch, int64_t first, int64_t last, int64_t start,
                                  int64_t stop) {
    Copy& copy = copies_[first > 0];
    if (first >= last) return {first, last, nullptr, 0};
    copy.pitch = (stop - start + 63) / 64 * 64;
    copy.memory = scratch.take<Value>(count_ * copy.pitch);
    copy.edges = scratch.untouched<Edge>(stop - start);
    const int64_t channels = task_.channels, span = task_.columns.span() * channels;
    if (stop > span) stop = span;
    int64_t left = task_.columns.before * channels, right = left + task_.columns.length * channels;
    left = left > start ? left : start;
    right = right < stop ? right : stop;
    if (left < right) {
      copy.inside = left - start;
      copy.from = left - task_.columns.before * channels;
      copy.values = right - left;
    }
    for (int64_t x = start; x < stop; ++x) {
      if (x == left && left < right) x = right;
      if (x == stop) break;
      int64_t at = task_.column_map[x / channels];
      int64_t from = at < 0 ? -1 : at * channels + x % channels;
      copy.edges[copy.edge_count++] = {int32_t(x - start), int32_t(from)};
    }
    copy.lines = scratch.take<const unsigned char*>(count_);
    return {first, last, copy.lines, start};
  }

  // By vectors, of which the last two overlap: the library's copying takes longer to begin.
  static IMGCONV_INLINE void put(Value* to, const Value* from,
                                                        int64_t count) {
    constexpr int64_t lanes = vector_bytes / int64_t(sizeof(Value));
    if (count < lanes) {
      __builtin_memcpy(to, from, size_t(count) * sizeof(Value));
      return;
    }
    for (int64_t x = 0; x + lanes <= count; x += lanes)
      store<int8_t>(to + x, load<int8_t>(from + x));
    store<int8_t>(to + count - lanes, load<int8_t>(from + count - lanes));
  }

  const Task& task_;
  const unsigned char* const* lines_;
  int64_t count_, copied_to_ = 0;
  Copy copies_[2] = {};
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
