// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One thread's event loop: descriptors and one-shot timers.
//
// Threads: one.  Memory: grows with descriptors and timers armed.

#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

namespace traffic {

// Told when its descriptor is ready or its timer has run out. May remove itself from the loop, and
// may be destroyed only outside of these calls.
class Handler {
 public:
  virtual ~Handler() = default;
  // `events` are EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP as epoll reports them.
  virtual void OnReady(std::uint32_t events, std::uint64_t now) = 0;
  virtual void OnTimer(std::uint64_t now) = 0;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Watches `fd` until Remove(). REQUIRES: `fd` is open and not watched.
  void Add(int fd, std::uint32_t events, Handler& handler);
  void Modify(int fd, std::uint32_t events);
  void Remove(int fd);

  // Calls handler.OnTimer() once, not before `at_nanos`. A handler may have several timers.
  void ArmTimer(std::uint64_t at_nanos, Handler& handler);

  // Serves events until Stop().
  void Run();
  void Stop() noexcept { stopped_ = true; }

 private:
  struct Timer {
    std::uint64_t at_nanos;
    std::uint64_t order;  // Equal times run in the order they were armed.
    Handler* handler;
    bool operator>(const Timer& other) const noexcept {
      return at_nanos != other.at_nanos ? at_nanos > other.at_nanos : order > other.order;
    }
  };

  void RunTimers();

  int epoll_fd_;
  bool stopped_ = false;
  std::uint64_t timer_count_ = 0;
  std::unordered_map<int, Handler*> handlers_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
};

}  // namespace traffic
