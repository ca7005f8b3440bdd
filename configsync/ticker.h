// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A thread for work that says itself when it wants to be done again.
//
// Threads: thread-safe; one of its own until destruction.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace configsync {

class Ticker {
 public:
  // `tick` returns after how many milliseconds it is to be called again, at most a second.
  explicit Ticker(std::function<std::uint32_t()> tick)
      : tick_(std::move(tick)), thread_([this] { Run(); }) {}
  // Waits for a call that runs.
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  // The next call is at once; if one runs, another follows it.
  void Wake();

 private:
  void Run();

  const std::function<std::uint32_t()> tick_;
  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  bool is_woken_ = false;
  bool is_stopping_ = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace configsync
