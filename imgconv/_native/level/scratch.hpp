// Memory for one band of one correlation, taken in pieces and given back at once.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

#include "../arena.hpp"

namespace imgconv {
namespace IMGCONV_LEVEL {

// Small pieces come from the thread's arena: to ask the system for them would take as long as to
// filter a small image.
class Scratch {
 public:
  Scratch() : arena_(thread_arena()), mark_(arena_.used) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    arena_.used = mark_;
    while (last_) {
      Piece* before = last_->before;
      std::free(last_);
      last_ = before;
    }
  }

  // Zeroed memory for `count` objects, aligned to a cache line.
  template <class T>
  T* take(int64_t count) {
    size_t bytes = (size_t(count) * sizeof(T) + 63) / 64 * 64 + 64;
    unsigned char* memory = arena_.take(bytes);
    if (!memory) memory = own(bytes);
    __builtin_memset(memory, 0, bytes);
    return reinterpret_cast<T*>(memory);
  }

 private:
  struct alignas(64) Piece {
    Piece* before;
  };

  unsigned char* own(size_t bytes) {
    void* memory = std::aligned_alloc(64, bytes + sizeof(Piece));
    if (!memory) throw std::bad_alloc();
    Piece* piece = static_cast<Piece*>(memory);
    piece->before = last_;
    last_ = piece;
    return reinterpret_cast<unsigned char*>(piece + 1);
  }

  Arena& arena_;
  size_t mark_;
  Piece* last_ = nullptr;
};

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
