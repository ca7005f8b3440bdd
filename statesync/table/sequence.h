// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The sequence word of an entry: odd while its one writer changes it. Readers copy, then look
// whether the word stood still; after a few tries they give up and come back later.
//
// Threads: one writer, any reader.  Source: seqlocks (Lameter); Boehm, "Can seqlocks get along with
// programming language memory models?".

#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "statesync/table/fences.h"

namespace statesync {

inline void BeginEntryWrite(std::atomic<std::uint32_t>& sequence) noexcept {
  sequence.store(sequence.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  ReleaseFence();
}
inline void EndEntryWrite(std::atomic<std::uint32_t>& sequence) noexcept {
  sequence.store(sequence.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

inline constexpr int kEntryReadTries = 4;

// Plain memory of one entry, as copied. Aligned so that it is read back as an entry.
template <typename Entry>
struct EntryCopy {
  alignas(alignof(Entry)) std::byte bytes[sizeof(Entry)];
  [[nodiscard]] const Entry& get() const noexcept { return *reinterpret_cast<const Entry*>(bytes); }
};

// Copies an entry as of one moment. False if its writer was busy at every try.
template <typename Entry>
LOCKSTEP_RACY_READ bool CopyEntry(const Entry& entry, EntryCopy<Entry>& copy) noexcept {
  for (int i = 0; i < kEntryReadTries; ++i) {
    const std::uint32_t before = entry.sequence.load(std::memory_order_acquire);
    if ((before & 1) != 0) continue;
#if defined(LOCKSTEP_TSAN)
    for (std::size_t at = 0; at < sizeof(Entry); at += 8) {  // memcpy would be intercepted.
      *reinterpret_cast<volatile std::uint64_t*>(copy.bytes + at) =
          *reinterpret_cast<const volatile std::uint64_t*>(
              reinterpret_cast<const std::byte*>(&entry) + at);
    }
#else
    std::memcpy(copy.bytes, static_cast<const void*>(&entry), sizeof(Entry));
#endif
    AcquireFence();
    if (entry.sequence.load(std::memory_order_relaxed) == before) return true;
  }
  return false;
}

}  // namespace statesync
