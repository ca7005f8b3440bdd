// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/seal/primitives.h"

namespace statesync {

void Wipe(std::span<std::uint8_t> bytes) noexcept {
  volatile std::uint8_t* const data = bytes.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) data[i] = 0;
}

bool EqualInConstantTime(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;  // Volatile: the compiler may not leave the loop early.
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace statesync
