#include "threads.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "platform.hpp"

namespace imgconv {
namespace {

struct Job {
  const std::function<void(int64_t)>& work;
  int64_t count;
  std::atomic<int64_t> next{0};
  std::mutex failing{};
  std::exception_ptr failure{};

  void help() {
    try {
      for (int64_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      next = count;
      std::lock_guard<std::mutex> lock(failing);
      failure = std::current_exception();
    }
  }
};

class Pool {
 public:
  // Work on a job with `helpers` threads of the pool and the caller's own.
  void run(Job& job, int helpers) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      while (started_ < helpers) {
        std::thread(&Pool::serve, this).detach();
        ++started_;
      }
      job_ = &job;
      wanted_ = helpers;
    }
    wake_.notify_all();
    job.help();
    std::unique_lock<std::mutex> lock(mutex_);
    wanted_ = 0;  // who has not begun by now would find nothing
    done_.wait(lock, [&] { return active_ == 0; });
    job_ = nullptr;
  }

  std::mutex& owner() { return owner_; }

 private:
  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return wanted_ > 0; });
      --wanted_;
      ++active_;
      Job* job = job_;
      lock.unlock();
      job->help();
      lock.lock();
      if (--active_ == 0) done_.notify_all();
    }
  }

  std::mutex owner_, mutex_;
  std::condition_variable wake_, done_;
  Job* job_ = nullptr;
  int started_ = 0, wanted_ = 0, active_ = 0;
};

// Never destroyed: its threads may outlive every destructor. A forked child has none of them, and
// gets a pool of its own.
Pool& pool() {
  static std::mutex mutex;
  static Pool* current = nullptr;
  static int64_t owner = -1;
  std::lock_guard<std::mutex> lock(mutex);
  if (!current || owner != process_number()) {
    current = new Pool;
    owner = process_number();
  }
  return *current;
}

}  // namespace

void each_piece(int64_t count, int threads, const std::function<void(int64_t)>& work) {
  Job job{work, count};
  int helpers = int(count < threads ? count : threads) - 1;
  if (helpers > 0) {
    Pool& shared = pool();
    std::unique_lock<std::mutex> mine(shared.owner(), std::try_to_lock);
    if (mine.owns_lock()) shared.run(job, helpers);
    else job.help();
  } else {
    job.help();
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace imgconv
