// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/seal/replay_window.h"

#include <algorithm>

namespace statesync {

bool ReplayWindow::MayAccept(std::uint64_t number) const noexcept {
  if (number == 0) return false;
  if (number > highest_) return true;
  if (highest_ - number >= kReplayWindowPackets) return false;
  return (words_[(number / 64) % kWords] >> (number % 64) & 1) == 0;
}

bool ReplayWindow::Accept(std::uint64_t number) noexcept {
  if (!MayAccept(number)) return false;
  if (number > highest_) {
    // Words between the old and the new highest hold marks of one lap ago.
    const std::uint64_t first = highest_ / 64 + 1;
    const std::uint64_t last = number / 64;
    if (last >= first) {
      const std::uint64_t count = std::min<std::uint64_t>(last - first + 1, kWords);
      for (std::uint64_t i = 0; i < count; ++i) words_[(last - i) % kWords] = 0;
    }
    highest_ = number;
  }
  words_[(number / 64) % kWords] |= std::uint64_t{1} << (number % 64);
  return true;
}

void ReplayWindow::Reset() noexcept {
  words_.fill(0);
  highest_ = 0;
}

}  // namespace statesync
