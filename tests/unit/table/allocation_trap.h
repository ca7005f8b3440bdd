// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Counts calls of operator new while armed. Link allocation_trap.cc to have it, and what it takes
// memory from: plain_memory.cc, or another definition of the two functions below.
//
// Threads: any, as far as the source of memory allows.

#pragma once

#include <cstddef>

namespace statesync {

void ArmAllocationTrap();
// Disarms; returns the allocations since it was armed.
std::size_t DisarmAllocationTrap();

// The source. bytes: a multiple of alignment, not zero. Null: no memory is left.
void* TakeTestMemory(std::size_t bytes, std::size_t alignment);
// memory: from TakeTestMemory with this alignment, or null.
void GiveTestMemory(void* memory, std::size_t alignment);

}  // namespace statesync
