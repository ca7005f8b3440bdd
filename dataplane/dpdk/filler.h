// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Makes synthetic sessions for drills and benchmarks, through the same insert and dirty mark as a
// packet's: random addresses and ports, TCP and UDP, half of them behind source NAT if there is a
// pool.
//
// Threads: each worker for its own shards, while this node forwards.  Memory: none.

#pragma once

#include <cstdint>

#include "dataplane/core/nat.h"
#include "dataplane/dpdk/worker_core.h"

namespace dataplane {

class Filler {
 public:
  Filler(WorkerCore& core, std::uint64_t seed) : core_(core), scatter_(seed) {}

  // Makes a bounded number of the sessions that are still wanted. True if it made some.
  // REQUIRES: core.forwarding.
  bool Turn() noexcept;

 private:
  [[nodiscard]] std::uint64_t Claim() noexcept;
  [[nodiscard]] FlowKey RandomKey() noexcept;
  [[nodiscard]] bool Insert(statesync::Handle& handle) noexcept;

  WorkerCore& core_;
  Scatter scatter_;
  std::uint64_t refused_target_ = 0;  // The table was full when this many were wanted: ask no more.
};

}  // namespace dataplane
