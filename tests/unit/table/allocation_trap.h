// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Counts calls of operator new while armed. Link allocation_trap.cc to have it.
//
// Threads: any.

#pragma once

#include <cstddef>

namespace statesync {

void ArmAllocationTrap();
// Disarms; returns the allocations since it was armed.
std::size_t DisarmAllocationTrap();

}  // namespace statesync
