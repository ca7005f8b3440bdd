// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Remembers which packet numbers of one (key, stream) have been accepted, so that none is accepted
// twice. A ring of 64-bit words in the way of RFC 6479: moving forward clears whole words, never
// shifts.
//
// Threads: one.  Memory: kReplayWindowPackets / 8 bytes and a word, inside the object.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "statesync/limits.h"

namespace statesync {

class ReplayWindow {
 public:
  // True if `number` is neither zero, nor older than the window, nor already accepted. Changes
  // nothing, so it may be asked before the packet has been authenticated.
  [[nodiscard]] bool MayAccept(std::uint64_t number) const noexcept;

  // Marks `number` as accepted. REQUIRES: the packet was authenticated. False if MayAccept() is
  // false, which happens when one burst holds a packet twice.
  [[nodiscard]] bool Accept(std::uint64_t number) noexcept;

  void Reset() noexcept;
  [[nodiscard]] std::uint64_t highest() const { return highest_; }

 private:
  // One word more than the window, so that clearing the newest word never loses a number inside it.
  static constexpr std::size_t kWords = kReplayWindowPackets / 64 + 1;

  std::array<std::uint64_t, kWords> words_{};
  std::uint64_t highest_ = 0;  // Largest number accepted; 0 before the first.
};

}  // namespace statesync
