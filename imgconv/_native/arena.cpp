#include "arena.hpp"

#include "platform.hpp"

namespace imgconv {

Arena::~Arena() { free_lines(memory); }

unsigned char* Arena::take(size_t bytes) {
  if (!memory || bytes > size - used) return memory ? nullptr : first(bytes);
  unsigned char* found = memory + used;
  used += bytes;
  return found;
}

unsigned char* Arena::first(size_t bytes) {
  memory = static_cast<unsigned char*>(allocate_lines(size));
  return memory ? take(bytes) : nullptr;
}

Arena& thread_arena() {
  static thread_local Arena arena;
  return arena;
}

}  // namespace imgconv
