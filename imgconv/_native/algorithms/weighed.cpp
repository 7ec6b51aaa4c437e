// Means of colours that the last channel weighs, compiled once for each instruction set.
#include "weighed_rows.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

template <class Src>
Counts box_as(const Task& task, int64_t first, int64_t last) {
  if (task.channels == 2) return WeighedBox<Src, 2>(task).run(first, last);
  return WeighedBox<Src, 4>(task).run(first, last);
}

Counts weighed_band(const Task& task, int64_t first, int64_t last);

Counts weighed_band(const Task& task, int64_t first, int64_t last) {
  if (task.plan.algorithm == Algorithm::box)
    return task.type_in == Type::u8 ? box_as<uint8_t>(task, first, last)
                                    : box_as<uint16_t>(task, first, last);
  if (task.type_in == Type::f32) return weighed_as<MacF64, float>(task, first, last);
  if (task.type_in == Type::u16) return weighed_as<MacF64, uint16_t>(task, first, last);
  if (task.plan.algorithm == Algorithm::dot16)
    return weighed_as<MacProducts, uint8_t>(task, first, last);
  return weighed_as<MacF64, uint8_t>(task, first, last);
}

}  // namespace IMGCONV_ISA
}  // namespace imgconv
