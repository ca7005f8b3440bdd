// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What becomes of a deleted entry, for every record type.
//
// Threads: values only.

#pragma once

#include <cstdint>

namespace statesync {

// Whether an entry is live, or waits for the acknowledged watermark.
enum class Tombstone : std::uint8_t {
  kLive = 0,
  kDeleted = 1,    // Unlinked; the peer does not know yet; still part of the digest.
  kPublished = 2,  // Its delete was published; no longer part of the digest.
};

}  // namespace statesync
