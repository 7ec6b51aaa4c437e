// Memory for one band of one correlation, taken in pieces and given back at once.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

namespace imgconv {
namespace IMGCONV_LEVEL {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    while (last_) {
      Piece* before = last_->before;
      std::free(last_);
      last_ = before;
    }
  }

  // Zeroed memory for `count` objects, aligned to a cache line; nullptr when there is none.
  template <class T>
  T* take(int64_t count) {
    size_t bytes = (size_t(count) * sizeof(T) + 63) / 64 * 64 + 64;
    void* memory = std::aligned_alloc(64, bytes + sizeof(Piece));
    if (!memory) throw std::bad_alloc();
    Piece* piece = static_cast<Piece*>(memory);
    piece->before = last_;
    last_ = piece;
    __builtin_memset(piece + 1, 0, bytes);
    return reinterpret_cast<T*>(piece + 1);
  }

 private:
  struct alignas(64) Piece {
    Piece* before;
  };
  Piece* last_ = nullptr;
};

}  // namespace IMGCONV_LEVEL
}  // namespace imgconv
