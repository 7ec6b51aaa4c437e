// What the core asks of the operating system.
#pragma once

#include <cstddef>
#include <cstdint>

namespace imgconv {

// Memory at the start of a cache line, or nullptr; to be freed by `free_lines`.
void* allocate_lines(size_t bytes);
void free_lines(void* memory);

// Ask for large pages where the system has them: with small ones, to find a page that is far from
// the last takes as long as to read it.
void prefer_large_pages(void* memory, size_t bytes);

// A number that a forked child does not share with its parent.
int64_t process_number();

}  // namespace imgconv
