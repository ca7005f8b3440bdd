// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The allocation trap of tests/unit/table, over memory that keeps large blocks for the next story:
// an engine is some MiB, and fresh pages of the system cost more than the story itself.
//
// Threads: one.  Memory: kKeptMax blocks at most are kept.

#include <malloc.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include "tests/unit/table/allocation_trap.h"

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
bool armed = false;
std::size_t allocated = 0;

void* Allocate(std::size_t bytes, std::size_t alignment) {
  if (armed) ++allocated;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  for (std::size_t i = 0; rounded >= kLargeBytes && i < kept_count; ++i) {
    const bool fits = kept[i].bytes >= rounded && kept[i].bytes < rounded + 4'096;
    if (!fits || kept[i].alignment < alignment) continue;
    return std::exchange(kept[i], kept[--kept_count]).memory;
  }
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) std::abort();
  return memory;
}

void Release(void* memory, std::size_t alignment) {
  const std::size_t bytes = memory == nullptr ? 0 : malloc_usable_size(memory);
  if (bytes >= kLargeBytes && kept_count < kKeptMax) {
    kept[kept_count++] = {memory, bytes, alignment};
  } else {
    std::free(memory);
  }
}

}  // namespace

void* operator new(std::size_t bytes) { return Allocate(bytes, 16); }
void* operator new[](std::size_t bytes) { return Allocate(bytes, 16); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes, 16);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes, 16);
}
void operator delete(void* memory) noexcept { Release(memory, 16); }
void operator delete[](void* memory) noexcept { Release(memory, 16); }
void operator delete(void* memory, std::size_t) noexcept { Release(memory, 16); }
void operator delete[](void* memory, std::size_t) noexcept { Release(memory, 16); }
void operator delete(void* memory, std::align_val_t alignment) noexcept {
  Release(memory, static_cast<std::size_t>(alignment));
}
void operator delete[](void* memory, std::align_val_t alignment) noexcept {
  Release(memory, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept {
  Release(memory, static_cast<std::size_t>(alignment));
}
void operator delete[](void* memory, std::size_t, std::align_val_t alignment) noexcept {
  Release(memory, static_cast<std::size_t>(alignment));
}

namespace statesync {

void ArmAllocationTrap() {
  allocated = 0;
  armed = true;
}

std::size_t DisarmAllocationTrap() {
  armed = false;
  return allocated;
}

}  // namespace statesync
