// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commit-before-forward of one worker: frames that wait until the peer has their session (N13).
//
// The frame is complete but for its MACs. It leaves when the session's version is confirmed; at a
// refusal or its deadline it leaves or is dropped as its rule says; it is dropped when this node
// stops forwarding. A worker never waits: it looks at what it holds once per turn, and only if
// something can have changed.
//
// Threads: its worker.  Memory: inside the object; held frames belong to it.

#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/core/commit_queue.h"
#include "dataplane/core/forward.h"
#include "dataplane/core/shared_state.h"

namespace dataplane {

class Resolver;
struct WorkerCore;

class CommitHold {
 public:
  CommitHold() = default;
  ~CommitHold();
  CommitHold(const CommitHold&) = delete;
  CommitHold& operator=(const CommitHold&) = delete;

  // Tells core.forward what it has to know before a burst.
  void Inform(WorkerCore& core) noexcept;

  // Takes the first frame of a session. REQUIRES: result.commit.enabled.
  void Hold(WorkerCore& core, const ForwardResult& result, const Route& route,
            rte_mbuf* frame) noexcept;
  // True if the frame has to queue behind others of its session, and does; or there was no room for
  // it, and it is dropped.
  [[nodiscard]] bool TakeBehind(WorkerCore& core, const ForwardResult& result, const Route& route,
                                rte_mbuf* frame) noexcept {
    return queue_.count() != 0 && TryBehind(core, result, route, frame);
  }

  // Sends or drops what waits no longer. True if something is held, or was.
  bool Settle(WorkerCore& core, Resolver* resolver) noexcept;
  // This node forwards no more: drops everything.
  void DropAll(WorkerCore& core) noexcept;

 private:
  struct HeldFrame {
    rte_mbuf* frame;
    Route route;
  };

  bool TryBehind(WorkerCore& core, const ForwardResult& result, const Route& route,
                 rte_mbuf* frame) noexcept;
  // True if a confirmation, a refusal or a deadline is new.
  bool Observe(const WorkerCore& core) noexcept;
  bool TakeRefusals(const SyncFacts& facts) noexcept;
  static void SettleOne(WorkerCore& core, Resolver* resolver, const HeldSession& session,
                        const HeldFrame& held, HeldOutcome outcome) noexcept;

  CommitQueue<HeldFrame> queue_;
  Confirmed confirmed_;              // As last read.
  std::uint64_t refusals_seen_ = 0;  // Of SyncFacts::refused_count.
};

}  // namespace dataplane
