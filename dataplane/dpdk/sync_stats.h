// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the sync loop counts, and copies of what the engine and the handshake count, for other
// threads.
//
// Threads: the sync loop counts and copies; any thread reads. Each value is whole; values may be a
// copy apart.  Memory: values only.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/core/shared_state.h"
#include "dataplane/core/stats_source.h"
#include "dataplane/dpdk/ha2_frame.h"
#include "statesync/engine_counters.h"
#include "statesync/seal/handshake.h"

namespace dataplane {

// Declared once as a list; sync_stats.cc has the help text of each.
#define DATAPLANE_SYNC_EVENTS(X) \
  X(frames_received)             \
  X(frames_sent)                 \
  X(bytes_received)              \
  X(bytes_sent)                  \
  X(confirmations_received)      \
  X(confirmations_sent)          \
  X(reports_received)            \
  X(without_peer)                \
  X(send_waits)                  \
  X(send_dropped)                \
  X(no_buffers)                  \
  X(not_sealed)                  \
  X(keys_refused)                \
  X(keys_not_logged)             \
  X(peer_connected)              \
  X(peer_restarted)              \
  X(peer_silent)                 \
  X(links_left)                  \
  X(handovers_waited)

enum class SyncEvent : std::uint8_t {
#define X(name) name,
  DATAPLANE_SYNC_EVENTS(X)
#undef X
      count
};
inline constexpr std::size_t kSyncEventCount = static_cast<std::size_t>(SyncEvent::count);

class SyncStats {
 public:
  // ---- Sync loop ----
  void Count(SyncEvent event, std::uint64_t n = 1) noexcept {
    AddTo(events_[static_cast<std::size_t>(event)], n);
  }
  void Count(Ha2Refusal refusal) noexcept {
    AddTo(refusals_[static_cast<std::size_t>(refusal)], 1);
  }
  void Copy(const statesync::EngineCounters& engine) noexcept;
  void Copy(const statesync::HandshakeCounters& seal) noexcept;

  // ---- Any thread ----
  // Appends "ha2.…", "seal.…" and "replication.…".
  void AppendTo(std::vector<StatValue>& stats) const;

 private:
  using Value = std::atomic<std::uint64_t>;
  static constexpr std::size_t kSealTotals = 6;

  std::array<Value, kSyncEventCount> events_{};
  std::array<Value, kHa2RefusalCount> refusals_{};
  std::array<Value, statesync::kSealVerdictCount> verdicts_{};
  std::array<Value, kSealTotals> seal_{};
  std::array<Value, statesync::kEngineCounterCount> engine_{};
};

// HA2 links as in counters and, behind "ha.", in the node file.
inline constexpr std::array<std::string_view, 2> kHa2LinkNames = {"ha2", "ha2_second"};

// Appends "NAME.link.…".
void AppendLinkStats(std::string_view name, const Ha2LinkFacts& facts,
                     std::vector<StatValue>& stats);

// Appends "NAME.guard.…", read from the kernel. Nothing if the counters cannot be read.
//   ifindex  of the interface that carries our guard; 0: none
// Cost: about ten system calls.
void AppendGuardStats(std::string_view name, int ifindex, std::vector<StatValue>& stats);

}  // namespace dataplane
