// 64-bit ARM, every one of them.
#pragma once

#include "arm.hpp"

namespace imgconv {
namespace IMGCONV_ISA {
using Simd = Arm;
}
}  // namespace imgconv
