// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/ticker.h"

#include <algorithm>
#include <chrono>

namespace configsync {
namespace {

constexpr std::uint32_t kPauseMsMax = 1'000;

}  // namespace

Ticker::~Ticker() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Ticker::Wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  changed_.notify_all();
}

void Ticker::Run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    is_woken_ = false;
    lock.unlock();
    const std::chrono::milliseconds pause(std::min(tick_(), kPauseMsMax));
    lock.lock();
    changed_.wait_for(lock, pause, [this] { return is_woken_ || is_stopping_; });
  }
}

}  // namespace configsync
