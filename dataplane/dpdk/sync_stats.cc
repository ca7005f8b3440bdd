// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_stats.h"

#include <string>
#include <string_view>

#include "dataplane/bpf/guard.h"

namespace dataplane {
namespace {

struct Described {
  std::string_view name;
  std::string_view help;
};

constexpr std::array<Described, kSyncEventCount> kEvents = {{
    {"frames_received", "Frames taken from the HA2 port, whatever they were."},
    {"frames_sent", "Datagrams that the HA2 port took: hellos, confirmations, frames."},
    {"bytes_received", "Ethernet bytes without FCS of the frames received."},
    {"bytes_sent", "Ethernet bytes without FCS of the frames sent."},
    {"confirmations_received", "Empty sealed frames: the peer holds the new keys."},
    {"confirmations_sent", "Empty sealed frames sent to confirm new keys."},
    {"reports_received", "Empty sealed frames in which the peer says which links it hears."},
    {"without_peer", "Authentic frames while the peer's run had ended; not applied."},
    {"send_waits", "Turns in which the port's transmit queue was full."},
    {"send_dropped", "Sealed frames given up after the queue was full for too long; repaired."},
    {"no_buffers", "Turns without packet buffers."},
    {"not_sealed", "Frames dropped for want of a key; their records are published again."},
    {"keys_refused", "Keys that the cipher's driver did not take."},
    {"keys_not_logged", "Keys that could not be written to debug.ha2_key_file."},
    {"peer_connected", "Times that replication with a peer began."},
    {"peer_restarted", "Times that the peer proved to be a new run of its process."},
    {"peer_silent", "Times that replication gave up a silent peer."},
    {"links_left", "Times that a link was no longer used, as one node did not hear the other."},
    {"handovers_waited", "Turns that waited for workers to stop writing after a role change."},
}};

constexpr std::array<Described, 6> kSealTotalNames = {{
    {"hellos_sent", "Hellos sent, answers included."},
    {"answers_sent", "Hellos sent as an answer."},
    {"answers_limited", "Answers that the limit per second held back."},
    {"keys_derived", "Key pairs derived from a proven hello."},
    {"keys_confirmed", "Key pairs that came into use."},
    {"seals_refused", "Datagrams not sealed: the key had sealed all it may (keys-exhausted)."},
}};

std::uint64_t Load(const std::atomic<std::uint64_t>& value) {
  return value.load(std::memory_order_relaxed);
}

void Append(std::vector<StatValue>& stats, std::string_view group, std::string_view name,
            std::uint64_t value, std::string_view help) {
  stats.push_back({std::string(group) + std::string(name), value, std::string(help)});
}

constexpr bool NamesMatch() {
  constexpr std::string_view kNames[] = {
#define X(name) #name,
      DATAPLANE_SYNC_EVENTS(X)
#undef X
  };
  for (std::size_t i = 0; i < kSyncEventCount; ++i) {
    if (kEvents[i].name != kNames[i]) return false;
  }
  return true;
}
static_assert(NamesMatch(), "each event has its help text, in order");

}  // namespace

void SyncStats::Copy(const statesync::EngineCounters& engine) noexcept {
  const auto values = statesync::ValuesOf(engine);
  for (std::size_t i = 0; i < values.size(); ++i) {
    engine_[i].store(values[i], std::memory_order_relaxed);
  }
}

void SyncStats::Copy(const statesync::HandshakeCounters& seal) noexcept {
  for (std::size_t i = 0; i < verdicts_.size(); ++i) {
    verdicts_[i].store(seal.verdicts[i], std::memory_order_relaxed);
  }
  const std::array<std::uint64_t, kSealTotals> totals = {seal.hellos_sent,     seal.answers_sent,
                                                         seal.answers_limited, seal.keys_derived,
                                                         seal.keys_confirmed,  seal.seals_refused};
  for (std::size_t i = 0; i < totals.size(); ++i) {
    seal_[i].store(totals[i], std::memory_order_relaxed);
  }
}

void SyncStats::AppendTo(std::vector<StatValue>& stats) const {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    Append(stats, "ha2.", kEvents[i].name, Load(events_[i]), kEvents[i].help);
  }
  for (std::size_t i = 1; i < refusals_.size(); ++i) {  // 0: not refused.
    Append(stats, "ha2.refused.", NameOf(static_cast<Ha2Refusal>(i)), Load(refusals_[i]),
           "Frames on HA2 that are no datagram of the peer, by reason.");
  }
  for (std::size_t i = 0; i < verdicts_.size(); ++i) {
    const auto verdict = static_cast<statesync::SealVerdict>(i);
    Append(stats, "seal.", statesync::NameOf(verdict), Load(verdicts_[i]),
           verdict == statesync::SealVerdict::kAccepted
               ? "Datagrams that proved to be the peer's."
               : "Datagrams dropped before anything in them was believed, by reason.");
  }
  for (std::size_t i = 0; i < seal_.size(); ++i) {
    Append(stats, "seal.", kSealTotalNames[i].name, Load(seal_[i]), kSealTotalNames[i].help);
  }
  for (std::size_t i = 0; i < engine_.size(); ++i) {
    Append(stats, "replication.", statesync::kEngineCounterNames[i], Load(engine_[i]),
           statesync::kEngineCounterHelps[i]);
  }
}

void AppendLinkStats(std::string_view name, const Ha2LinkFacts& facts,
                     std::vector<StatValue>& stats) {
  const std::string group = std::string(name) + ".link.";
  Append(stats, group, "frames_received", Load(facts.frames_received),
         "Frames taken from this link's port, whatever they were.");
  Append(stats, group, "frames_sent", Load(facts.frames_sent), "Datagrams that its port took.");
  Append(stats, group, "used", facts.used.load(std::memory_order_relaxed) ? 1 : 0,
         "1: both nodes hear each other on it, and frames go over it.");
}

void AppendGuardStats(std::string_view name, int ifindex, std::vector<StatValue>& stats) {
  if (ifindex == 0) return;
  const absl::StatusOr<GuardCounters> counters = ReadGuardCounters(ifindex);
  if (!counters.ok()) return;
  for (std::size_t i = 0; i < counters->frames.size(); ++i) {
    Append(stats, std::string(name) + ".guard.", GuardReasonName(i), counters->frames[i],
           i == GUARD_REDIRECTED ? "Frames that the XDP guard gave to HA2."
                                 : "Frames that the XDP guard left to the kernel, by reason.");
  }
}

}  // namespace dataplane
