// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/role_driver.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dataplane/ha/real_time.h"

namespace dataplane {
namespace {

using statesync::Instant;
using statesync::Readiness;
using statesync::Role;
using statesync::RoleAction;
using statesync::RoleOutput;
using statesync::RoleState;
using statesync::SwitchoverRefusal;
using statesync::TakeCause;
using statesync::TakeRecord;

// Announcements are lost like any packet, and a late frame of the old owner undoes them: repeat.
constexpr int kAnnouncementRepeats = 3;
constexpr statesync::Duration kAnnouncementGap = statesync::Millis(150);

static_assert(static_cast<int>(TakeCause::kSilence) == static_cast<int>(DetectedBy::kSilence));
static_assert(static_cast<int>(TakeCause::kProcessDeath) ==
              static_cast<int>(DetectedBy::kProcessDeath));
static_assert(static_cast<int>(TakeCause::kNewBootId) == static_cast<int>(DetectedBy::kNewBootId));
static_assert(static_cast<int>(TakeCause::kPeerAsked) ==
              static_cast<int>(DetectedBy::kPeerYielded));
static_assert(static_cast<int>(TakeCause::kNoPeerAtStart) ==
              static_cast<int>(DetectedBy::kNoPeerAtStart));
static_assert(static_cast<int>(TakeCause::kElected) == static_cast<int>(DetectedBy::kElected));
static_assert(static_cast<int>(TakeCause::kPreempted) == static_cast<int>(DetectedBy::kPreempted));

double MillisOf(statesync::Duration duration) { return static_cast<double>(duration.ns) / 1e6; }

}  // namespace

RoleDriver::RoleDriver(const HaThreadOptions& options, SharedState& shared, Instant now)
    : options_(options),
      shared_(shared),
      machine_(options.role, options.boot_id, now),
      switchovers_seen_(shared.requests.switchover.load()) {
  shared_.role.forward_until_ns.store(0);
  shared_.role.word.store(RoleWord::Make(Role::kInit, machine_.term(), change_).bits);
}

bool RoleDriver::Turn(Instant now, bool functional, bool suspended) {
  ReadHa2(now);
  ReadRequests(now);
  const auto readiness =
      static_cast<Readiness>(shared_.sync.readiness.load(std::memory_order_relaxed));
  machine_.SetLocal(readiness, functional);
  machine_.SetSuspended(suspended);
  ReadSwitches();
  machine_.SetSpentTerm({shared_.sync.spent_term.load(std::memory_order_relaxed)});
  const RoleOutput output = machine_.Step(now);
  Publish(now, output);
  RepeatAnnouncements(now);
  return output.beat_now;
}

// The boot id is written when the handshake proves it, role and term with the first frame after it.
// Until they change they are still the dead run's, and a frame is a sign of life only. No two runs
// are active under one term, so equal ones cannot be news. Before the first run there was none: HA2
// may have been heard before this thread began, and what it says then is the living peer's.
void RoleDriver::ReadHa2(Instant now) {
  const std::int64_t heard = shared_.sync.ha2_last_heard_ns.load(std::memory_order_acquire);
  const statesync::BootId boot = shared_.sync.peer_boot_id.load(std::memory_order_acquire);
  const auto role = static_cast<Role>(shared_.sync.peer_role.load(std::memory_order_relaxed));
  const statesync::Term term{shared_.sync.peer_term.load(std::memory_order_relaxed)};
  if (boot == 0) return;
  if (boot != ha2_boot_) {
    ha2_heard_ns_ = heard;
    if (ha2_boot_ != 0) dead_run_ = {role, term};
    ha2_boot_ = boot;
    machine_.OnPeerReplaced(now, options_.peer_node, boot);
    return;
  }
  if (heard <= ha2_heard_ns_) return;
  ha2_heard_ns_ = heard;
  const std::pair<Role, statesync::Term> stated{role, term};
  if (dead_run_ != stated) dead_run_.reset();
  const bool old_news = dead_run_.has_value();
  machine_.OnHa2Frame(Instant{heard}, options_.peer_node, boot, old_news ? Role::kInit : role,
                      old_news ? statesync::Term{} : term);
}

void RoleDriver::ReadSwitches() {
  const ForwardingFacts& facts = shared_.forwarding;
  if (facts.number.load(std::memory_order_acquire) == 0) return;  // As the node file says.
  machine_.SetSwitches(facts.failover.load(std::memory_order_relaxed),
                       facts.preempt.load(std::memory_order_relaxed),
                       facts.priority.load(std::memory_order_relaxed));
}

void RoleDriver::ReadRequests(Instant now) {
  const std::uint32_t wanted = shared_.requests.switchover.load(std::memory_order_relaxed);
  if (wanted == switchovers_seen_) return;
  switchovers_seen_ = wanted;
  const SwitchoverRefusal refusal = machine_.RequestSwitchover(now);
  last_refusal_.store(refusal, std::memory_order_relaxed);
  if (refusal != SwitchoverRefusal::kNone && options_.log) {
    options_.log(HaSeverity::kWarning, absl::StrFormat("switchover refused: %s", NameOf(refusal)));
  }
}

void RoleDriver::Publish(Instant now, const RoleOutput& output) {
  const bool forwards = statesync::Forwards(machine_.state());
  if (!forwards) PublishFence();  // Before the word: a worker must not see the old fence with it.
  if (output.changed) {
    const RoleWord before{shared_.role.word.load(std::memory_order_relaxed)};
    if (before.role() != machine_.role() || before.term() != machine_.term()) ++change_;
    shared_.role.word.store(RoleWord::Make(machine_.role(), machine_.term(), change_).bits,
                            std::memory_order_release);
  }
  if (forwards) PublishFence();
  if (output.changed && machine_.last_take().decided.ns != take_published_ns_) PublishTake();
  if (output.announce) {
    shared_.role.announce_count.fetch_add(1, std::memory_order_release);
    announcements_left_ = kAnnouncementRepeats;
    next_announcement_ = now + kAnnouncementGap;
  }
  if (output.action == RoleAction::kCancelAsk && output.changed) {
    last_refusal_.store(SwitchoverRefusal::kTimedOut, std::memory_order_relaxed);
  }
  if (options_.log && (output.changed || output.stalled.has_value())) Log(output);
}

void RoleDriver::PublishTake() {
  const TakeRecord& take = machine_.last_take();
  take_published_ns_ = take.decided.ns;
  shared_.role.peer_last_heard_ns.store(take.peer_last_heard.ns, std::memory_order_relaxed);
  shared_.role.peer_declared_dead_ns.store(take.decided.ns, std::memory_order_relaxed);
  shared_.role.detected_by.store(static_cast<std::uint8_t>(take.cause), std::memory_order_relaxed);
  shared_.role.role_taken_ns.store(MonotonicNow().ns, std::memory_order_release);
}

void RoleDriver::PublishFence() {
  shared_.role.forward_until_ns.store(machine_.forward_until().ns, std::memory_order_release);
}

void RoleDriver::OnBeatsSent(Instant sent) {
  machine_.OnBeatsSent(sent);
  PublishFence();
}

void RoleDriver::RepeatAnnouncements(Instant now) {
  if (announcements_left_ == 0 || now < next_announcement_) return;
  --announcements_left_;
  next_announcement_ = now + kAnnouncementGap * (kAnnouncementRepeats - announcements_left_ + 1);
  if (statesync::Forwards(machine_.state())) {
    shared_.role.announce_count.fetch_add(1, std::memory_order_release);
  }
}

void RoleDriver::Retire() {
  shared_.role.forward_until_ns.store(0, std::memory_order_release);
  ++change_;
  shared_.role.word.store(RoleWord::Make(Role::kSuspended, machine_.highest_term(), change_).bits,
                          std::memory_order_release);
}

// One line for each change of state, with what led to it.
void RoleDriver::Log(const RoleOutput& output) const {
  std::string line;
  if (output.changed) {
    line = absl::StrFormat("role %s -> %s, term %d: %s", NameOf(output.from),
                           NameOf(machine_.state()), machine_.term().value, NameOf(output.event));
    if (output.action == RoleAction::kTake || output.action == RoleAction::kRetake) {
      const TakeRecord& take = machine_.last_take();
      absl::StrAppendFormat(&line, ", %s", NameOf(take.cause));
      if (take.peer_last_heard.ns != 0) {
        absl::StrAppendFormat(&line, ", peer last heard %.1f ms before",
                              MillisOf(take.decided - take.peer_last_heard));
      }
      if (take.unready) absl::StrAppend(&line, ", NOT synced: sessions may be lost");
    }
  }
  if (output.stalled.has_value()) {
    absl::StrAppendFormat(&line, "%sour own loop stood still for %.1f ms", line.empty() ? "" : "; ",
                          MillisOf(*output.stalled));
  }
  const bool serious = output.stalled.has_value() || machine_.last_take().unready;
  options_.log(serious ? HaSeverity::kWarning : HaSeverity::kInfo, line);
}

}  // namespace dataplane
