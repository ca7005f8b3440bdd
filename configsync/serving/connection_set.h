// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The connections of a service, and the thread that takes out what is closed.
//
// A Connection has `int watched`, the descriptor that is looked at; `active_count()`, its calls
// that have not ended: it stays until there are none; and `IsWelcome()`: if false, it is cut.
//
// Threads: With() any, the rest by the owner.

#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace configsync {

template <typename Connection>
class ConnectionSet {
 public:
  using Connections = std::vector<std::unique_ptr<Connection>>;

  // IsWelcome() is asked each `look_ms`; -1: only when a connection comes or goes.
  explicit ConnectionSet(int look_ms) : look_ms_(look_ms) {}
  ~ConnectionSet() {
    StopWatching();
    if (wake_ >= 0) close(wake_);
  }
  ConnectionSet(const ConnectionSet&) = delete;
  ConnectionSet& operator=(const ConnectionSet&) = delete;

  // Once. Errors: those of eventfd(2).
  absl::Status Start() {
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_ < 0) return absl::ErrnoToStatus(errno, "watching connections");
    watcher_ = std::thread([this] { Watch(); });
    return absl::OkStatus();
  }

  // What `use` makes of the connections. None is taken out meanwhile.
  template <typename Use>
  auto With(Use&& use) {
    const Waker waker{wake_};  // After the lock.
    const std::lock_guard lock(mutex_);
    return use(connections_);
  }

  // From here on nothing is taken out. May be repeated.
  void StopWatching() {
    is_stopping_.store(true);
    { const Waker waker{wake_}; }
    if (watcher_.joinable()) watcher_.join();
  }

 private:
  static constexpr int kBusyMs = 100;  // A closed one whose calls run is looked at again.

  struct Waker {
    const int wake;
    ~Waker() {
      const std::uint64_t one = 1;
      if (wake >= 0) [[maybe_unused]]
        const ssize_t written = write(wake, &one, sizeof(one));
    }
  };

  void Watch() {
    bool is_busy = false;
    while (!is_stopping_.load()) {
      if (is_busy) {
        pollfd pause{wake_, POLLIN, 0};
        poll(&pause, 1, kBusyMs);
      }
      std::vector<pollfd> waits{{wake_, POLLIN, 0}};
      {
        const std::lock_guard lock(mutex_);
        for (const auto& one : connections_) waits.push_back({one->watched, POLLRDHUP, 0});
      }
      const int pause_ms = waits.size() > 1 ? look_ms_ : -1;
      if (poll(waits.data(), waits.size(), pause_ms) < 0 && errno != EINTR) return;
      if (waits[0].revents != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t taken = read(wake_, &count, sizeof(count));
      }
      Connections closed;  // Ended without the lock.
      is_busy = TakeClosed(waits, closed);
    }
  }

  // True if a closed one still has calls running.
  bool TakeClosed(const std::vector<pollfd>& waits, Connections& closed) {
    bool is_busy = false;
    const std::lock_guard lock(mutex_);
    for (auto it = connections_.begin(); it != connections_.end();) {
      Connection& one = **it;
      const bool is_closed = std::ranges::any_of(
          waits, [&](const pollfd& wait) { return wait.fd == one.watched && wait.revents != 0; });
      if (is_closed && one.active_count() == 0) {
        closed.push_back(std::move(*it));
        it = connections_.erase(it);
        continue;
      }
      if (!is_closed && !one.IsWelcome()) shutdown(one.watched, SHUT_RDWR);
      is_busy = is_busy || is_closed;
      ++it;
    }
    return is_busy;
  }

  const int look_ms_;
  int wake_ = -1;  // eventfd: a new connection, or the end.
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;
  Connections connections_;  // Under mutex_.
  std::thread watcher_;
};

}  // namespace configsync
