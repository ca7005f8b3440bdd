// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The frames that one TakeFrames call may fill, handed out in order.
//
// Threads: one.  Memory: a view of the caller's frames.

#pragma once

#include <cstddef>
#include <span>

#include "statesync/engine.h"
#include "statesync/ensure.h"

namespace statesync {

class FrameSink {
 public:
  explicit FrameSink(std::span<OutFrame> frames) : frames_(frames) {}

  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t left() const { return frames_.size() - used_; }
  // REQUIRES: left() > 0.
  [[nodiscard]] OutFrame& Take() {
    ENSURE(left() > 0);
    return frames_[used_++];
  }

 private:
  std::span<OutFrame> frames_;
  std::size_t used_ = 0;
};

}  // namespace statesync
