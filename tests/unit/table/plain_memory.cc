// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <cstdlib>

#include "tests/unit/table/allocation_trap.h"

namespace statesync {

void* TakeTestMemory(std::size_t bytes, std::size_t alignment) {
  return std::aligned_alloc(alignment, bytes);
}

void GiveTestMemory(void* memory, std::size_t) { std::free(memory); }

}  // namespace statesync
