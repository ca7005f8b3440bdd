// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Decides this node's role and term from what it hears, and until when it may forward. ROLES.md.
//
// A function of (state, time, input): statements of the peer, liveness connections and local facts
// go in at any time; Step() derives the events, obeys the table of role_table.h and says what to
// do. After a change of the highest term the caller persists TermMark (term_mark.h), in its own
// time.
//
// Threads: one, the ha thread (or a simulator).  Memory: inside the object.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "statesync/role/role_table.h"
#include "statesync/types.h"

namespace statesync {

// Where a sign of life came from.
enum class HeartbeatPath : std::uint8_t { kHa1 = 0, kHa1Backup = 1, kHa2 = 2 };
inline constexpr std::size_t kHeartbeatPathCount = 3;

struct RoleOptions {
  NodeIndex node = 0;
  std::uint8_t priority = 100;  // 1–255; the larger becomes active when both boot together.
  Term term_floor{};  // Persisted mark: every term this node took before is at or below it.

  Duration heartbeat_interval = Millis(10);
  std::uint32_t missed_max = 3;            // Intervals of silence on every path that mean death.
  Duration ha2_interval = Millis(10);      // Longest silence of a living peer on HA2.
  Duration startup_hold = Seconds(1);      // A node that hears no peer for so long becomes active.
  Duration handover_timeout = Seconds(1);  // A peer that was asked to take over has so long.
  // Off: no automatic change of the active role, whatever fails; ROLES.md, "Failover disabled".
  bool failover = true;
  bool preempt = false;
  Duration preempt_hold = Seconds(60);
  // Forwarding stops this much before the peer may think us dead: time for what workers and NICs
  // hold.
  Duration fence_margin = Millis(1);
};

// What a node tells its peer in every heartbeat.
struct Statement {
  NodeIndex node = 0;
  BootId boot_id = 0;
  Role role = Role::kInit;
  Term term{};  // Of its active role; else the highest it knows.
  std::uint8_t standing =
      0;  // 2: was active or synced in this run. 1: holds a part. 0: holds nothing.
  std::uint8_t priority = 0;
  bool synced = false;
  bool asks_takeover = false;
  Duration detection{};  // Silence after which the speaker thinks its peer dead; 0: not stated.
};

// Why this node became active.
enum class TakeCause : std::uint8_t {
  kNone = 0,
  kSilence = 1,       // All paths silent for the detection time.
  kProcessDeath = 2,  // Liveness connection closed and one HA2 interval missed.
  kNewBootId = 3,     // The active peer was replaced by a new run that owns nothing.
  kPeerAsked = 4,     // Switchover.
  kNoPeerAtStart = 5,
  kElected = 6,  // Both alive, nobody active: standing, priority, index.
  kPreempted = 7,
};
[[nodiscard]] std::string_view NameOf(TakeCause cause) noexcept;

enum class SwitchoverRefusal : std::uint8_t {
  kNone = 0,  // Accepted.
  kNotActive = 1,
  kPeerAbsent = 2,
  kPeerNotSynced = 3,
  kUnderWay = 4,
  kTimedOut = 5,  // Accepted, but the peer did not take over in time.
};
[[nodiscard]] std::string_view NameOf(SwitchoverRefusal refusal) noexcept;

// Milestones of the last take.
struct TakeRecord {
  TakeCause cause = TakeCause::kNone;
  bool unready = false;  // Taken without being synced, because nobody else forwards.
  Term term{};
  Instant peer_last_heard{};
  Instant decided{};
};

// What the caller must do after a step, besides what the getters say.
struct RoleOutput {
  bool changed = false;   // State, role or term changed: write the role word, log one line.
  bool announce = false;  // Announce the virtual addresses.
  bool beat_now = false;  // Send heartbeats at once, not at the next interval.
  RoleState from = RoleState::kInit;
  RoleEvent event = RoleEvent::kCleared;  // Of the last transition; meaningless unless changed.
  RoleAction action = RoleAction::kNone;
  std::optional<Duration> stalled;  // Our own loop stood still for so long.
};

class RoleMachine {
 public:
  RoleMachine(const RoleOptions& options, BootId boot_id, Instant now);

  // ---- Inputs. Only authenticated statements of proven freshness. ----

  // A heartbeat, complete. One's own index, and runs of the peer that were replaced, are ignored.
  void OnStatement(Instant now, HeartbeatPath path, const Statement& statement);
  // A frame on HA2 says less. `heard` may be in the past: when the sync loop noted it.
  void OnHa2Frame(Instant heard, NodeIndex node, BootId boot_id, Role role, Term term);
  // HA2's handshake proved a new run of the peer, before any frame of it.
  void OnPeerReplaced(Instant now, NodeIndex node, BootId boot_id);
  // A liveness connection that had been established closed.
  void OnLivenessClosed(Instant now);
  void SetLocal(Readiness readiness, bool functional);
  void SetSuspended(bool suspended) { suspend_wanted_ = suspended; }
  // What an operator may change while the node runs. REQUIRES: priority > 0.
  void SetSwitches(bool failover, bool preempt, std::uint8_t priority) {
    options_.failover = failover;
    options_.preempt = preempt;
    options_.priority = priority;
  }
  // Replication has nearly used up the versions of this own term; zero: of none.
  void SetSpentTerm(Term term) { spent_ = term; }
  // Accepts or refuses at once. Accepted: the peer is asked, and Step() yields when it has taken
  // over.
  [[nodiscard]] SwitchoverRefusal RequestSwitchover(Instant now);
  // Heartbeats left this node at `sent` (read before the send): the fence counts from here. A fence
  // that has passed is not moved: the next step notices it, and this node listens first.
  void OnBeatsSent(Instant sent);

  // ---- The turn ----

  // Derives events and obeys the table. Call at least every quarter of the heartbeat interval,
  // after everything that was received has been put in. A gap above the detection time, or a fence
  // that passed without heartbeats, is our own stall.
  RoleOutput Step(Instant now);

  // ---- State ----

  [[nodiscard]] RoleState state() const { return state_; }
  [[nodiscard]] Role role() const { return RoleOf(state_); }
  // Term of our active role; else the highest term known.
  [[nodiscard]] Term term() const { return role() == Role::kActive ? taken_ : highest_; }
  [[nodiscard]] Term highest_term() const { return highest_; }
  // Workers forward only before this; zero unless the state forwards. It passes before the peer, by
  // its own detection time, may think us dead.
  [[nodiscard]] Instant forward_until() const;
  [[nodiscard]] Statement own_statement() const;
  [[nodiscard]] const TakeRecord& last_take() const { return last_take_; }
  [[nodiscard]] bool PeerAlive(Instant now) const;
  [[nodiscard]] bool peer_known() const { return peer_known_; }
  [[nodiscard]] const Statement& peer() const { return peer_; }
  [[nodiscard]] Duration detection_time() const {
    return options_.heartbeat_interval * static_cast<std::int64_t>(options_.missed_max);
  }
  [[nodiscard]] std::uint64_t rejected_events() const { return rejected_events_; }
  [[nodiscard]] std::uint64_t stalls() const { return stalls_; }
  // No term is left that a version could carry: this node cannot take over. Never in practice.
  [[nodiscard]] bool terms_exhausted() const { return terms_exhausted_; }

 private:
  [[nodiscard]] bool Holds(Instant now, RoleEvent event) const;
  [[nodiscard]] bool PeerAbsent(Instant now) const;
  [[nodiscard]] bool ElectionDecidable(Instant now) const;
  [[nodiscard]] bool MayTakeAlone() const;
  [[nodiscard]] bool BetterThanPeer() const;
  [[nodiscard]] bool PeerCanTake(Instant now) const;
  [[nodiscard]] bool DiedByClose(Instant now) const;
  [[nodiscard]] Instant LastHeard() const;
  [[nodiscard]] std::uint8_t Standing() const;
  [[nodiscard]] TakeCause CauseOf(Instant now, RoleEvent event) const;
  void Hear(Instant now, HeartbeatPath path);
  bool AcceptBoot(NodeIndex node, BootId boot_id);
  void AcceptRole(Role role, Term term);
  void NoteTimedConditions(Instant now);
  void NoteStall(Instant now, RoleOutput& output);
  void Apply(Instant now, RoleEvent event, RoleStep step, RoleOutput& output);
  void Take(Instant now, RoleEvent event);
  [[nodiscard]] bool TermLeft() const;

  RoleOptions options_;
  BootId boot_id_;

  RoleState state_ = RoleState::kInit;
  Term taken_{};    // Term of our last active role in this run.
  Term spent_{};    // Own term whose versions are nearly used up.
  Term highest_{};  // Highest term known, ours included.
  bool was_active_ = false;
  bool was_synced_ = false;
  Readiness readiness_ = Readiness::kNoPeer;
  bool functional_ = true;
  bool suspend_wanted_ = false;
  bool switchover_wanted_ = false;
  bool handover_failed_ = false;  // A suspension no longer waits for the peer.
  bool stalled_ = false;
  bool peer_trails_ = false;  // An active peer with a lower term is beside us.
  bool trails_changed_ = false;
  bool terms_exhausted_ = false;

  bool peer_known_ = false;
  bool peer_complete_ = false;  // A heartbeat came, not only HA2 frames.
  Statement peer_;
  bool peer_replaced_ = false;    // The peer's present run followed another one that we knew.
  bool replaced_active_ = false;  // The run before this one of the peer was active when replaced.
  std::array<BootId, 8> retired_boots_{};
  std::size_t retired_next_ = 0;
  std::array<std::optional<Instant>, kHeartbeatPathCount> heard_{};
  std::optional<Instant> closed_;  // Liveness connection closed; no sign of life on HA1 since.

  Instant hold_until_{};  // Start-up hold; also how long an election waits for priorities.
  Instant beats_sent_{};
  Instant last_step_{};
  Instant listen_until_{};
  Instant handover_until_{};
  std::optional<Instant> last_synced_;
  std::optional<Instant> better_since_;
  std::optional<Instant> behind_since_;

  TakeRecord last_take_;
  std::uint64_t rejected_events_ = 0;
  std::uint64_t stalls_ = 0;
};

}  // namespace statesync
