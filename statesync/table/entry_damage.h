// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a test may do to an entry of a standby, so that comparing has something to find.
//
// Threads: values only.

#pragma once

#include <cstdint>

namespace statesync {

enum class EntryDamage : std::uint8_t {
  kVersion = 1,  // An older version; the digest follows.
  kValue = 2,    // Another value under the same version: only a scrub of the values finds it.
  kMissing = 3,  // Removed.
};

}  // namespace statesync
