// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A few threads with a bounded queue: gRPC's own threads must not wait for a commit.
//
// Threads: Submit() any. Stop() once, by the owner.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace configsync {

class WorkPool {
 public:
  WorkPool(std::size_t thread_count, std::size_t queue_max);
  ~WorkPool() { Stop(); }
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // False: the queue is full, or the pool has stopped; `work` will not run.
  [[nodiscard]] bool Submit(std::function<void()> work);
  // Does what is queued, then ends the threads. May be repeated.
  void Stop();

 private:
  void Run();

  std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // Under mutex_.
  bool is_stopping_ = false;                 // Under mutex_.
  std::vector<std::thread> threads_;
};

}  // namespace configsync
