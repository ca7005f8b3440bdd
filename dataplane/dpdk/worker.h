// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One worker: a turn takes what arrived, passes it through intake and forwarding, and sends.
//
// It obeys the role word: it writes entries and speaks under virtual MACs only while this node is
// active, its deadline has not passed and the sync loop has released the shards; and it says which
// word it acts on, so that the sync loop knows when it has stopped (ARCHITECTURE.md, "One writer").
//
// Threads: one lcore calls Turn(); counters() may be read by anybody.
// Memory:  the object (about 200 KiB); nothing is allocated by a turn. No lock, log or system call.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/dpdk/filler.h"
#include "dataplane/dpdk/resolver.h"
#include "dataplane/dpdk/worker_core.h"

namespace dataplane {

struct WorkerSetup {
  std::uint8_t index = 0;
  std::uint8_t worker_count = 1;
  Tables* tables = nullptr;
  SharedState* shared = nullptr;
  HandoverRings* rings = nullptr;
  std::span<const std::unique_ptr<Port>> ports;  // By interface index.
  std::uint64_t seed = 1;                        // Random per boot.
};

class Worker {
 public:
  // Everything in `setup` outlives the worker.
  explicit Worker(const WorkerSetup& setup);
  Worker(const Worker&) = delete;  // Its parts refer to each other.
  Worker& operator=(const Worker&) = delete;

  // One turn at `now_ns`. True if there was something to do.
  bool Turn(std::int64_t now_ns) noexcept;

  [[nodiscard]] const Counters& counters() const noexcept { return core_.counters; }
  [[nodiscard]] bool forwarding() const noexcept { return core_.forwarding; }

 private:
  void ObeyRole() noexcept;
  bool ReceiveAll() noexcept;
  void Process() noexcept;
  bool Expire() noexcept;
  bool EndAsked() noexcept;
  void NoteFirstForward() noexcept;
  void NoteRefusals() noexcept;
  [[nodiscard]] Resolver* resolver() noexcept {
    return resolver_.has_value() ? &*resolver_ : nullptr;
  }

  WorkerCore core_;
  std::optional<Resolver> resolver_;  // Worker 0 only.
  Filler filler_;
  Burst burst_;
  std::uint64_t role_bits_ = 0;   // Role word this worker acts on.
  std::uint32_t takeover_s_ = 0;  // When this node became active; 0: it was from the start.
  bool first_forward_due_ = false;
  std::uint64_t table_full_seen_ = 0;
  std::uint64_t nat_exhausted_seen_ = 0;
  std::uint32_t expiry_shard_ = 0;
  std::int64_t next_expiry_ns_ = 0;
};

}  // namespace dataplane
