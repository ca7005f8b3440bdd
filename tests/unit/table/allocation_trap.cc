// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The operators stand in a file of their own: inlined beside a `new` they look mismatched to gcc.

#include "tests/unit/table/allocation_trap.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> armed{false};
std::atomic<std::size_t> allocated{0};

void* Allocate(std::size_t bytes, std::size_t alignment) {
  if (armed.load(std::memory_order_relaxed)) allocated.fetch_add(1);
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = statesync::TakeTestMemory(rounded == 0 ? alignment : rounded, alignment);
  if (memory == nullptr) std::abort();
  return memory;
}
void* Allocate(std::size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, static_cast<std::size_t>(alignment));
}

constexpr std::size_t kPlain = 16;  // Alignment of what asks for none.

void Release(void* memory, std::size_t alignment) { statesync::GiveTestMemory(memory, alignment); }
void Release(void* memory, std::align_val_t alignment) {
  statesync::GiveTestMemory(memory, static_cast<std::size_t>(alignment));
}

}  // namespace

void* operator new(std::size_t bytes) { return Allocate(bytes, kPlain); }
void* operator new[](std::size_t bytes) { return Allocate(bytes, kPlain); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, alignment);
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return Allocate(bytes, alignment);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes, kPlain);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes, kPlain);
}
void operator delete(void* memory) noexcept { Release(memory, kPlain); }
void operator delete[](void* memory) noexcept { Release(memory, kPlain); }
void operator delete(void* memory, std::size_t) noexcept { Release(memory, kPlain); }
void operator delete[](void* memory, std::size_t) noexcept { Release(memory, kPlain); }
void operator delete(void* memory, std::align_val_t alignment) noexcept {
  Release(memory, alignment);
}
void operator delete[](void* memory, std::align_val_t alignment) noexcept {
  Release(memory, alignment);
}
void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept {
  Release(memory, alignment);
}
void operator delete[](void* memory, std::size_t, std::align_val_t alignment) noexcept {
  Release(memory, alignment);
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
