// A little memory that each thread keeps, taken and given back like a stack.
#pragma once

#include <cstddef>

namespace imgconv {

struct Arena {
#if defined(__SANITIZE_ADDRESS__)
  static constexpr size_t size = 64;  // each piece by itself, so that its ends are watched
#else
  static constexpr size_t size = 256 << 10;
#endif
  unsigned char* memory = nullptr;
  size_t used = 0;

  ~Arena();

  // Memory at the start of a cache line, for a multiple of one; nullptr where no room is left.
  unsigned char* take(size_t bytes);

 private:
  unsigned char* first(size_t bytes);
};

Arena& thread_arena();

}  // namespace imgconv
