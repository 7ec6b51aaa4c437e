// Memory for one band of one correlation, taken in pieces and given back at once.
#pragma once

#include <cstdint>
#include <new>

#include "../arena.hpp"
#include "../platform.hpp"

namespace imgconv {
namespace IMGCONV_ISA {

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
      free_lines(last_);
      last_ = before;
    }
  }

  // Zeroed memory for `count` objects, aligned to a cache line.
  template <class T>
  T* take(int64_t count) {
    T* memory = untouched<T>(count);
    __builtin_memset(static_cast<void*>(memory), 0, bytes_for<T>(count));
    return memory;
  }

  // The same, not zeroed.
  template <class T>
  T* untouched(int64_t count) {
    size_t bytes = bytes_for<T>(count);
    unsigned char* memory = arena_.take(bytes);
    return reinterpret_cast<T*>(memory ? memory : own(bytes));
  }

 private:
  struct alignas(64) Piece {
    Piece* before;
  };

  template <class T>
  static size_t bytes_for(int64_t count) {
    return (size_t(count) * sizeof(T) + 63) / 64 * 64 + 64;
  }

  unsigned char* own(size_t bytes) {
    void* memory = allocate_lines(bytes + sizeof(Piece));
    if (!memory) throw std::bad_alloc();
    if (bytes >= 4 << 20) prefer_large_pages(memory, bytes);
    Piece* piece = static_cast<Piece*>(memory);
    piece->before = last_;
    last_ = piece;
    return reinterpret_cast<unsigned char*>(piece + 1);
  }

  Arena& arena_;
  size_t mark_;
  Piece* last_ = nullptr;
};

}  // namespace IMGCONV_ISA
}  // namespace imgconv
