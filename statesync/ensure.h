// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// ENSURE(cond): for bugs of our own only; always on; prints the condition and aborts. Anything that
// can come from the wire, from a packet or from an operator gets a verdict or a status instead.

#pragma once

namespace statesync {
[[noreturn]] void EnsureFailed(const char* condition, const char* file, int line) noexcept;
}  // namespace statesync

#define ENSURE(cond)                                        \
  do {                                                      \
    if (!(cond)) [[unlikely]] {                             \
      ::statesync::EnsureFailed(#cond, __FILE__, __LINE__); \
    }                                                       \
  } while (false)
