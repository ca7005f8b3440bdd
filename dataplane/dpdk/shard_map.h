// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which worker has which shard: a function of the low seven bits of the hash, so that the
// redirection table of a NIC (128 entries or a multiple) can say the same.
//
// Threads: values only.

#pragma once

#include <cstdint>

#include "statesync/types.h"

namespace dataplane {

inline constexpr std::uint8_t kRedirectionPeriod = 128;

// REQUIRES: worker_count > 0.
constexpr std::uint8_t WorkerOf(std::uint32_t shard, std::uint8_t worker_count) {
  return static_cast<std::uint8_t>((shard & (kRedirectionPeriod - 1u)) % worker_count);
}

}  // namespace dataplane
