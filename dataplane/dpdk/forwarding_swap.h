// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Replaces what the node forwards by, while it forwards, and ends the sessions that the new
// configuration does not permit (ARCHITECTURE.md, "A new configuration").
//
// The new tables are built aside and published by one pointer. Each worker takes it at the start of
// a turn and says which one it uses; the sync loop says the same of itself. When all use the new
// one the old one is freed. Sessions are judged from snapshots, and those to be ended are named to
// their workers through bounded rings: nothing here makes a worker wait.
//
// Threads: Plan, Apply, Look by any, one at a time (a lock of their own). Memory: the tables.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "dataplane/config/forwarding_target.h"
#include "dataplane/core/shared_state.h"
#include "dataplane/dpdk/tables.h"

namespace dataplane {

// Borrowed; outlives the object.
struct SwapSetup {
  Tables* tables = nullptr;
  SharedState* shared = nullptr;
  PortFacts ports;
  std::uint8_t worker_count = 1;
  bool has_sync_loop = false;
  std::int64_t patience_ns = 5'000'000'000;  // For workers that do not turn.
};

class ForwardingSwap final : public ForwardingTarget {
 public:
  explicit ForwardingSwap(const SwapSetup& setup);
  ~ForwardingSwap() override;
  ForwardingSwap(const ForwardingSwap&) = delete;
  ForwardingSwap& operator=(const ForwardingSwap&) = delete;

  // As ForwardingTarget's. Errors: kInvalidArgument, kResourceExhausted as the parts say;
  // kDeadlineExceeded: a worker did not turn, everything is as before.
  absl::StatusOr<ForwardingEffect> Plan(const ForwardingOptions& next) override;
  absl::StatusOr<ForwardingEffect> Apply(const ForwardingOptions& next) override;
  [[nodiscard]] std::uint64_t sessions_ended() const override {
    return ended_.load(std::memory_order_relaxed);
  }

  // A node that became active judges sessions that were made under configurations which it applied
  // as a standby. Call every now and then; does nothing while another call is under way.
  void Look();

 private:
  using Owned = std::unique_ptr<const ForwardingTables>;

  absl::StatusOr<std::unique_ptr<ForwardingTables>> Build(const ForwardingOptions& next);
  void Publish(const ForwardingTables& tables);
  [[nodiscard]] bool AllUse(std::uint64_t number) const;
  // Waits until each worker has ended a turn since the call. False: one stands still.
  [[nodiscard]] bool AllTurn() const;
  [[nodiscard]] bool WaitFor(const std::function<bool()>& holds) const;
  // Judges every session. One that `next` does not permit and any of `before` did is counted as
  // ended and, if `end` is set, named to its worker. `before` empty: `next` alone decides.
  ForwardingEffect Judge(const ForwardingTables& next, std::span<const Owned> before, bool end);
  [[nodiscard]] bool End(statesync::Handle handle, std::uint8_t generation);
  [[nodiscard]] bool AllEnded() const;
  [[nodiscard]] RoleWord word() const;

  const SwapSetup setup_;
  std::mutex mutex_;
  std::uint64_t number_;  // Of the last tables that were built; never given twice.
  // What the sessions of this node's tables may have been opened under since they were last judged:
  // the configuration of that moment, and the latest one after it. Empty: all were judged.
  std::vector<Owned> unjudged_;
  // Published, then taken back while a worker may have used it: freed when all use a later one.
  std::vector<Owned> given_up_;
  std::atomic<std::uint64_t> ended_{0};
};

}  // namespace dataplane
