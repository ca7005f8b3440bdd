// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The engine's whole status on its way from the sync loop to whoever shows it: a seqlock over
// words.
//
// SyncFacts has what the ha thread decides by, one atomic each, every turn. This has everything,
// as of one moment, but only every millisecond or so.
//
// Threads: one writer, the sync loop, which never waits. Any reader; it retries while it is
// written. Memory:  a value.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "statesync/engine_status.h"
#include "statesync/table/sequence.h"

namespace dataplane {

class alignas(64) StatusBoard {
 public:
  // Cost: one relaxed store per eight bytes of the status, about 2.7 KiB.
  void Write(const statesync::EngineStatus& status) noexcept {
    Words words{};
    std::memcpy(words.data(), static_cast<const void*>(&status), sizeof(status));
    statesync::BeginEntryWrite(sequence_);
    for (std::size_t i = 0; i < words.size(); ++i) {
      words_[i].store(words[i], std::memory_order_relaxed);
    }
    statesync::EndEntryWrite(sequence_);
  }

  // All defaults before the first Write().
  [[nodiscard]] statesync::EngineStatus Read() const noexcept {
    Words words;
    std::uint32_t before;
    do {
      before = sequence_.load(std::memory_order_acquire);
      for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = words_[i].load(std::memory_order_relaxed);
      }
      statesync::AcquireFence();
    } while ((before & 1) != 0 || sequence_.load(std::memory_order_relaxed) != before);
    statesync::EngineStatus status;
    if (before != 0) std::memcpy(static_cast<void*>(&status), words.data(), sizeof(status));
    return status;
  }

 private:
  static_assert(std::is_trivially_copyable_v<statesync::EngineStatus>);
  using Words = std::array<std::uint64_t, (sizeof(statesync::EngineStatus) + 7) / 8>;

  std::atomic<std::uint32_t> sequence_{0};  // Odd while it is written.
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Words>> words_{};
};

}  // namespace dataplane
