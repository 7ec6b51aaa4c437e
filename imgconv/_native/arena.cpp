#include "arena.hpp"

#include <cstdlib>

namespace imgconv {

Arena::~Arena() { std::free(memory); }

unsigned char* Arena::first(size_t bytes) {
  memory = static_cast<unsigned char*>(std::aligned_alloc(64, size));
  return memory ? take(bytes) : nullptr;
}

Arena& thread_arena() {
  static thread_local Arena arena;
  return arena;
}

}  // namespace imgconv
