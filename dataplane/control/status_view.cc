// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/status_view.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dataplane/control/names.h"
#include "dataplane/control/table_view.h"

namespace dataplane {
namespace {

using statesync::AtRiskReason;
using statesync::Readiness;
using statesync::Role;

constexpr auto kRelaxed = std::memory_order_relaxed;

RoleWord ReadRoleWord(const SharedState& shared) {
  return {shared.role.word.load(std::memory_order_acquire)};
}

std::uint64_t MillisecondsAgo(std::int64_t then_ns, std::int64_t now_ns) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, now_ns - then_ns)) / 1'000'000;
}

std::uint64_t MicrosecondsOf(std::int64_t ns) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, ns)) / 1'000;
}

Readiness ReadReadiness(const std::atomic<std::uint8_t>& field) {
  return static_cast<Readiness>(field.load(kRelaxed));
}

// What an owner knows of why its peer is at risk; what the peer found out it tells only itself.
std::string PeerReasonOf(const SharedState& shared) {
  const bool is_owner = ReadRoleWord(shared).role() == Role::kActive;
  if (!is_owner || ReadReadiness(shared.sync.peer_readiness) != Readiness::kAtRisk) return {};
  return std::string(NameOf(static_cast<AtRiskReason>(shared.sync.at_risk_reason.load(kRelaxed))));
}

std::uint32_t Percent(std::uint32_t done, std::uint32_t total) {
  return total == 0
             ? 0
             : static_cast<std::uint32_t>(std::uint64_t{100} * std::min(done, total) / total);
}

void FillTakeover(const SharedState& shared, lockstep::control::Takeover& out) {
  const std::int64_t heard_ns = shared.role.peer_last_heard_ns.load(kRelaxed);
  const std::int64_t declared_ns = shared.role.peer_declared_dead_ns.load(kRelaxed);
  const std::int64_t taken_ns = shared.role.role_taken_ns.load(kRelaxed);
  const std::int64_t forward_ns = shared.sync.first_forward_ns.load(kRelaxed);
  const auto detected_by = static_cast<DetectedBy>(shared.role.detected_by.load(kRelaxed));
  out.set_detected_by(std::string(NameOf(detected_by)));
  if (heard_ns != 0 && declared_ns != 0) {
    out.set_detect_us(MicrosecondsOf(declared_ns - heard_ns));
  }
  // A first forward from before this takeover belongs to an earlier one.
  if (declared_ns != 0 && forward_ns >= taken_ns) {
    out.set_takeover_us(MicrosecondsOf(forward_ns - declared_ns));
  }
  out.set_role_taken_monotonic_ns(static_cast<std::uint64_t>(taken_ns));
  out.set_peer_last_heard_monotonic_ns(static_cast<std::uint64_t>(heard_ns));
}

std::int64_t PeerLastHeardNs(const ControlSetup& setup, const std::vector<Ha1PathState>& paths) {
  std::int64_t latest_ns = setup.shared->sync.ha2_last_heard_ns.load(kRelaxed);
  for (const Ha1PathState& path : paths) {
    latest_ns = std::max(latest_ns, path.last_heard_ns);
  }
  return latest_ns;
}

// New sessions are being refused: still worth a line so long after the last one.
constexpr std::int64_t kRefusalShownNs = 10'000'000'000;

void AddRefusals(const ControlSetup& setup, std::int64_t now_ns, lockstep::control::Status& out) {
  std::int64_t table_full_ns = 0;
  std::int64_t nat_exhausted_ns = 0;
  for (const WorkerState& worker : setup.shared->workers) {
    table_full_ns = std::max(table_full_ns, worker.table_full_ns.load(kRelaxed));
    nat_exhausted_ns = std::max(nat_exhausted_ns, worker.nat_exhausted_ns.load(kRelaxed));
  }
  if (table_full_ns != 0 && now_ns - table_full_ns < kRefusalShownNs) {
    out.add_reasons(absl::StrFormat(
        "table-full: new sessions are refused, %d of %d are in use; raise tables.sessions or "
        "shorten timeouts",
        setup.sessions->live_count(), setup.sessions->capacity()));
  }
  if (nat_exhausted_ns != 0 && now_ns - nat_exhausted_ns < kRefusalShownNs) {
    out.add_reasons(
        "nat-exhausted: new sessions are refused, a pool has no free port for their servers; add "
        "addresses to nat_pools");
  }
}

}  // namespace

std::int64_t MonotonicNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

lockstep::control::Status ReadStatus(const ControlSetup& setup, std::int64_t now_ns) {
  const SharedState& shared = *setup.shared;
  const RoleWord word = ReadRoleWord(shared);
  lockstep::control::Status status;
  status.set_node(setup.options->name);
  status.set_index(setup.options->index);
  status.set_role(std::string(NameOf(word.role())));
  status.set_term(word.term().value);
  const Readiness readiness = ReadReadiness(shared.sync.readiness);
  status.set_readiness(std::string(NameOf(readiness)));
  if (readiness == Readiness::kAtRisk) {
    const auto reason = static_cast<AtRiskReason>(shared.sync.at_risk_reason.load(kRelaxed));
    status.set_readiness_reason(std::string(NameOf(reason)));
  }
  if (readiness == Readiness::kBulk) {
    status.set_bulk_percent(
        Percent(shared.sync.bulk_done.load(kRelaxed), shared.sync.bulk_total.load(kRelaxed)));
  }
  if (shared.sync.peer_connected.load(kRelaxed)) {
    status.set_peer_role(
        std::string(NameOf(static_cast<Role>(shared.sync.peer_role.load(kRelaxed)))));
    status.set_peer_readiness(std::string(NameOf(ReadReadiness(shared.sync.peer_readiness))));
    status.set_peer_readiness_reason(PeerReasonOf(shared));
  }
  status.set_sessions(setup.sessions->live_count());
  status.set_sessions_capacity(setup.sessions->capacity());
  status.set_exposure_changes(shared.sync.exposure_changes.load(kRelaxed));
  status.set_exposure_age_us(MicrosecondsOf(shared.sync.exposure_age_ns.load(kRelaxed)));
  if (shared.role.role_taken_ns.load(kRelaxed) != 0) {
    FillTakeover(shared, *status.mutable_last_takeover());
  }
  status.set_uptime_ms(
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, now_ns - setup.started_ns)) / 1'000'000);
  status.set_pid(static_cast<std::uint32_t>(getpid()));
  status.set_version(setup.version);
  if (setup.ha != nullptr) {
    for (const std::string& reason : setup.ha->Reasons()) {
      status.add_reasons(reason);
    }
  }
  if (!shared.forwarding.given.load(kRelaxed)) {
    status.add_reasons(
        "no-forwarding: this node was not told what to forward by and forwards nothing; start "
        "lockstep-configd, or add forwarding { … } to the node file");
  }
  AddRefusals(setup, now_ns, status);
  status.set_hugepages(setup.hugepages);
  FillTables(shared.status.Read(), now_ns, *status.mutable_tables());
  return status;
}

namespace {

void FillHa2(const ControlSetup& setup, std::int64_t now_ns, lockstep::control::Peer& peer) {
  const HaOptions& ha = setup.options->ha;
  const std::array<std::pair<const char*, const Ha2Options*>, 2> links{
      {{"ha2", &ha.ha2}, {"ha2_second", &ha.ha2_second}}};
  for (std::size_t i = 0; ha.enabled && i < links.size(); ++i) {
    if (links[i].second->device.empty()) continue;
    const Ha2LinkFacts& facts = setup.shared->sync.ha2_links[i];
    lockstep::control::Ha2LinkStatus& out = *peer.add_ha2();
    out.set_name(links[i].first);
    out.set_device(links[i].second->device);
    if (const std::int64_t heard_ns = facts.last_heard_ns.load(kRelaxed); heard_ns != 0) {
      out.set_last_heard_ms_ago(MillisecondsAgo(heard_ns, now_ns));
    }
    out.set_used(facts.used.load(std::memory_order_acquire));
    if (const std::int64_t left_ns = facts.left_after_ns.load(kRelaxed); left_ns != 0) {
      out.set_left_after_ms(static_cast<std::uint64_t>(left_ns / 1'000'000));
    }
    out.set_frames_received(facts.frames_received.load(kRelaxed));
    out.set_frames_sent(facts.frames_sent.load(kRelaxed));
  }
}

}  // namespace

lockstep::control::Peer ReadPeer(const ControlSetup& setup, std::int64_t now_ns) {
  const SharedState& shared = *setup.shared;
  lockstep::control::Peer peer;
  peer.set_connected(shared.sync.peer_connected.load(kRelaxed));
  peer.set_index(setup.options->index == 0 ? 1 : 0);
  if (const std::uint64_t boot_id = shared.sync.peer_boot_id.load(kRelaxed); boot_id != 0) {
    peer.set_boot_id(absl::StrFormat("%016x", boot_id));
    peer.set_role(std::string(NameOf(static_cast<Role>(shared.sync.peer_role.load(kRelaxed)))));
    peer.set_term(shared.sync.peer_term.load(kRelaxed));
    peer.set_readiness(std::string(NameOf(ReadReadiness(shared.sync.peer_readiness))));
    peer.set_readiness_reason(PeerReasonOf(shared));
  }
  const std::vector<Ha1PathState> paths =
      setup.ha == nullptr ? std::vector<Ha1PathState>{} : setup.ha->Ha1Paths();
  peer.set_round_trip_us(MicrosecondsOf(shared.sync.round_trip_ns.load(kRelaxed)));
  if (const std::int64_t heard_ns = PeerLastHeardNs(setup, paths); heard_ns != 0) {
    peer.set_last_heard_ms_ago(MillisecondsAgo(heard_ns, now_ns));
  }
  peer.set_bulk_done(shared.sync.bulk_done.load(kRelaxed));
  peer.set_bulk_total(shared.sync.bulk_total.load(kRelaxed));
  const statesync::EngineStatus engine = shared.status.Read();
  peer.set_bulk_eta_ms(MicrosecondsOf(engine.bulk_eta.ns) / 1'000);
  peer.set_streams(engine.stream_count);
  peer.set_datagram_bytes(engine.datagram_bytes);
  if (engine.scrub_pass_length.ns != 0) {
    peer.set_scrub_pass_ms(MicrosecondsOf(engine.scrub_pass_length.ns) / 1'000);
  }
  FillTables(engine, now_ns, *peer.mutable_tables());
  peer.set_exposure_changes(shared.sync.exposure_changes.load(kRelaxed));
  peer.set_exposure_age_us(MicrosecondsOf(shared.sync.exposure_age_ns.load(kRelaxed)));
  for (const Ha1PathState& path : paths) {
    lockstep::control::Ha1PathStatus& out = *peer.add_ha1();
    out.set_local(path.local);
    out.set_remote(path.remote);
    if (path.last_heard_ns != 0) {
      out.set_last_heard_ms_ago(MillisecondsAgo(path.last_heard_ns, now_ns));
    }
    out.set_liveness_connected(path.liveness_connected);
  }
  FillHa2(setup, now_ns, peer);
  return peer;
}

lockstep::control::Stats ReadStats(const ControlSetup& setup) {
  std::vector<StatValue> values;
  for (const StatsSource* source : setup.stats) {
    source->AppendStats(values);
  }
  std::sort(values.begin(), values.end(),
            [](const StatValue& a, const StatValue& b) { return a.name < b.name; });
  lockstep::control::Stats stats;
  for (StatValue& value : values) {
    lockstep::control::Counter& counter = *stats.add_counters();
    counter.set_name(std::move(value.name));
    counter.set_value(value.value);
    counter.set_help(std::move(value.help));
  }
  return stats;
}

absl::Status CheckSwitchover(const ControlSetup& setup) {
  const Role role = ReadRoleWord(*setup.shared).role();
  if (role != Role::kActive) {
    return absl::FailedPreconditionError(absl::StrCat("switchover: node ", setup.options->name,
                                                      " is ", std::string(NameOf(role)),
                                                      "; ask the active node"));
  }
  const SyncFacts& sync = setup.shared->sync;
  if (!sync.peer_connected.load(kRelaxed)) {
    return absl::FailedPreconditionError(
        "switchover: no peer is connected on HA2; see lockstepctl peer");
  }
  const Readiness readiness = ReadReadiness(sync.peer_readiness);
  if (readiness != Readiness::kSynced) {
    return absl::FailedPreconditionError(
        absl::StrCat("switchover: the peer is ", std::string(NameOf(readiness)),
                     ", not synced; sessions would be lost; wait, or see lockstepctl peer"));
  }
  return absl::OkStatus();
}

}  // namespace dataplane
