#include "platform.hpp"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if !defined(_WIN32)
#include <unistd.h>
#endif

namespace imgconv {

void* allocate_lines(size_t bytes) {
  return ::operator new(bytes, std::align_val_t(64), std::nothrow);
}

void free_lines(void* memory) { ::operator delete(memory, std::align_val_t(64)); }

void prefer_large_pages(void* memory, size_t bytes) {
#if defined(__linux__)
  const uintptr_t page = 2 << 20, start = (uintptr_t(memory) + page - 1) / page * page;
  const uintptr_t end = (uintptr_t(memory) + bytes) / page * page;
  madvise(reinterpret_cast<void*>(start), end - start, MADV_HUGEPAGE);
#else
  (void)memory, (void)bytes;
#endif
}

int64_t process_number() {
#if defined(_WIN32)
  return 0;  // there are no forked children
#else
  return getpid();
#endif
}

}  // namespace imgconv
