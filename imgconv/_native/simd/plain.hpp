// Any CPU: vectors of 16 bytes, without an instruction by name.
#pragma once

namespace imgconv {
namespace IMGCONV_ISA {
inline constexpr int vector_bytes = 16;
inline constexpr int block_vectors = 2;
}  // namespace IMGCONV_ISA
}  // namespace imgconv

#include "generic.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
using Simd = Generic;
}
}  // namespace imgconv
