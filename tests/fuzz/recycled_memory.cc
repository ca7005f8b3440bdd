// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Memory for the allocation trap that keeps large blocks for the next story: an engine is some MiB,
// and fresh pages of the system cost more than the story itself.
//
// Threads: one.  Memory: kKeptMax blocks at most are kept.

#include <malloc.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "tests/unit/table/allocation_trap.h"

namespace statesync {
namespace {

constexpr std::size_t kLargeBytes = 64 * 1024;
constexpr std::size_t kKeptMax = 64;

struct Kept {
  void* memory;
  std::size_t bytes;
  std::size_t alignment;
};
std::array<Kept, kKeptMax> kept;
std::size_t kept_count = 0;

}  // namespace

void* TakeTestMemory(std::size_t bytes, std::size_t alignment) {
  for (std::size_t i = 0; bytes >= kLargeBytes && i < kept_count; ++i) {
    const bool fits = kept[i].bytes >= bytes && kept[i].bytes < bytes + 4'096;
    if (!fits || kept[i].alignment < alignment) continue;
    return std::exchange(kept[i], kept[--kept_count]).memory;
  }
  return std::aligned_alloc(alignment, bytes);
}

void GiveTestMemory(void* memory, std::size_t alignment) {
  const std::size_t bytes = memory == nullptr ? 0 : malloc_usable_size(memory);
  if (bytes >= kLargeBytes && kept_count < kKeptMax) {
    kept[kept_count++] = {memory, bytes, alignment};
  } else {
    std::free(memory);
  }
}

}  // namespace statesync
