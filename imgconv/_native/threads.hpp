// Pieces of work on several threads that are kept from call to call.
#pragma once

#include <cstdint>
#include <functional>

namespace imgconv {

// Call work(0) ... work(count - 1), on at most `threads` threads, the caller's being one of them.
// When the threads are at work for another caller, the caller works alone: no oversubscription.
void each_piece(int64_t count, int threads, const std::function<void(int64_t)>& work);

}  // namespace imgconv
