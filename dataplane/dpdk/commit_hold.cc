// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/commit_hold.h"

#include "dataplane/dpdk/egress.h"
#include "dataplane/dpdk/worker_core.h"

namespace dataplane {
namespace {

using statesync::ChangeClass;
using statesync::Handle;
using statesync::Readiness;

bool IsPeerSynced(const SyncFacts& facts) {
  return facts.peer_connected.load(std::memory_order_relaxed) &&
         facts.peer_readiness.load(std::memory_order_relaxed) ==
             static_cast<std::uint8_t>(Readiness::kSynced);
}

// What the peer has confirmed as of now. Acquire: then the entries' versions are not older.
Confirmed ReadConfirmed(const SyncFacts& facts, statesync::Term term) {
  Confirmed confirmed{.term = term,
                      .stream_count = facts.stream_count.load(std::memory_order_relaxed),
                      .versions = {}};
  for (std::size_t i = 0; i < confirmed.stream_count; ++i) {
    confirmed.versions[i] = facts.confirmed[i].load(std::memory_order_acquire);
  }
  return confirmed;
}

SessionName NameOf(const WorkerCore& core, Handle handle) {
  return {handle, core.tables.sessions->entry(handle).generation};
}

DropReason DropReasonOf(HeldOutcome outcome) {
  switch (outcome) {
    case HeldOutcome::kRefused:
      return DropReason::kHoldRefused;
    case HeldOutcome::kDeadline:
      return DropReason::kHoldDeadline;
    case HeldOutcome::kWait:
    case HeldOutcome::kConfirmed:
    case HeldOutcome::kGone:
      break;
  }
  return DropReason::kHoldGone;
}

Event ReleaseEventOf(HeldOutcome outcome) {
  if (outcome == HeldOutcome::kConfirmed) return Event::kHeldConfirmed;
  return outcome == HeldOutcome::kRefused ? Event::kHeldRefused : Event::kHeldLate;
}

}  // namespace

CommitHold::~CommitHold() {
  const auto judge = [](const HeldSession&) { return HeldOutcome::kGone; };
  queue_.Settle(judge, [](const HeldSession&, const HeldFrame& held, HeldOutcome) {
    rte_pktmbuf_free(held.frame);
  });
}

void CommitHold::Inform(WorkerCore& core) noexcept {
  core.forward.peer_synced = IsPeerSynced(core.shared.sync);
  core.forward.hold_room = queue_.room();
}

void CommitHold::Hold(WorkerCore& core, const ForwardResult& result, const Route& route,
                      rte_mbuf* frame) noexcept {
  const std::int64_t round_trip_ns = core.shared.sync.round_trip_ns.load(std::memory_order_relaxed);
  queue_.Hold({.name = NameOf(core, result.session),
               .drop_on_deadline = result.commit.drop_on_deadline,
               .since_ns = core.now_ns,
               .deadline_ns = core.now_ns + DeadlineOf(result.commit, round_trip_ns)},
              {frame, route});
  core.counters.Add(Event::kHeld);
  core.forward.hold_room = queue_.room();
}

bool CommitHold::TryBehind(WorkerCore& core, const ForwardResult& result, const Route& route,
                           rte_mbuf* frame) noexcept {
  const SessionName name = NameOf(core, result.session);
  if (!queue_.Has(name)) return false;
  if (queue_.HoldBehind(name, {frame, route}, core.now_ns)) {
    core.counters.Add(Event::kHeld);
    core.forward.hold_room = queue_.room();
  } else {
    core.Drop(frame, DropReason::kHoldFull);
  }
  return true;
}

bool CommitHold::TakeRefusals(const SyncFacts& facts) noexcept {
  const std::uint64_t count = facts.refused_count.load(std::memory_order_acquire);
  if (count == refusals_seen_) return false;
  // What was overwritten meanwhile is settled by the confirmation of its frame, or the deadline.
  if (count - refusals_seen_ > kRefusedRing) refusals_seen_ = count - kRefusedRing;
  for (; refusals_seen_ != count; ++refusals_seen_) {
    const std::uint32_t word =
        facts.refused[refusals_seen_ % kRefusedRing].load(std::memory_order_relaxed);
    const SessionWord name{word};
    queue_.Refuse({name.handle(), name.generation()});
  }
  return true;
}

bool CommitHold::Observe(const WorkerCore& core) noexcept {
  const SyncFacts& facts = core.shared.sync;
  const Confirmed confirmed = ReadConfirmed(facts, core.forward.term);
  const bool is_new = confirmed != confirmed_;
  confirmed_ = confirmed;
  const bool is_refused = TakeRefusals(facts);  // After the confirmation: it was written before it.
  return is_new || is_refused || core.now_ns >= queue_.next_deadline_ns();
}

bool CommitHold::Settle(WorkerCore& core, Resolver* resolver) noexcept {
  if (queue_.count() == 0) return false;
  if (!Observe(core)) return true;
  const statesync::SessionTable& sessions = *core.tables.sessions;
  queue_.Settle(
      [&](const HeldSession& session) {
        return Judge(session, sessions.entry(session.name.handle), confirmed_, core.now_ns);
      },
      [&](const HeldSession& session, const HeldFrame& held, HeldOutcome outcome) {
        SettleOne(core, resolver, session, held, outcome);
      });
  return true;
}

void CommitHold::SettleOne(WorkerCore& core, Resolver* resolver, const HeldSession& session,
                           const HeldFrame& held, HeldOutcome outcome) noexcept {
  statesync::SessionTable& sessions = *core.tables.sessions;
  const Handle handle = session.name.handle;
  const bool is_there = IsThere(session, sessions.entry(handle));
  core.counters.Add(Event::kHeldWaitUs,
                    static_cast<std::uint64_t>(core.now_ns - session.since_ns) / 1'000);
  const bool drops = outcome != HeldOutcome::kConfirmed && session.drop_on_deadline;
  if (!drops && is_there) {
    core.counters.Add(ReleaseEventOf(outcome));
    return SendAlong(core, resolver, held.route, held.frame);
  }
  core.Drop(held.frame, drops ? DropReasonOf(outcome) : DropReason::kHoldGone);
  if (!drops || !is_there) return;
  // As if the packet had never come: the next attempt opens the session again, and waits again.
  sessions.Delete(handle);
  sessions.MarkDirtyBatch(core.index, {&handle, 1});
  core.counters.Add(Event::kSessionsTakenBack);
  core.counters.Add(Event::kChangesReplicated);
}

void CommitHold::DropAll(WorkerCore& core) noexcept {
  if (queue_.count() == 0) return;
  queue_.Settle([](const HeldSession&) { return HeldOutcome::kGone; },
                [&](const HeldSession& session, const HeldFrame& held, HeldOutcome) {
                  core.counters.Add(
                      Event::kHeldWaitUs,
                      static_cast<std::uint64_t>(core.now_ns - session.since_ns) / 1'000);
                  core.Drop(held.frame, DropReason::kHoldRole);
                });
}

}  // namespace dataplane
