// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Packets that wait until the peer has their session, in order of arrival.
//
// A session's first packet brings its deadline; later packets of it queue behind and share its
// fate, so that a session's packets keep their order. Judge() says what becomes of one; Settle()
// asks it for all and hands out those that wait no longer. A filter by handle makes "is anything of
// this session held" a matter of one counter for the sessions of which nothing is.
//
// Threads: one worker.  Memory: inside the object; Packet is a value of a few words.
// Cost: Settle looks at all that are held; its caller asks only when something may have changed.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "dataplane/core/commit_rule.h"
#include "statesync/ensure.h"

namespace dataplane {

inline constexpr std::uint32_t kHeldMax = 1'024;         // Packets of one worker.
inline constexpr std::uint32_t kHeldPerSessionMax = 32;  // So that one flow cannot take it all.

// A session, apart from an earlier one of the same slot.
struct SessionName {
  statesync::Handle handle;
  std::uint8_t generation = 0;
  friend constexpr bool operator==(const SessionName&, const SessionName&) = default;
};

// What a held packet waits for.
struct HeldSession {
  SessionName name;
  bool drop_on_deadline = false;  // CommitRule's.
  bool refused = false;           // The peer could not take it.
  std::int64_t since_ns = 0;      // When this packet came.
  std::int64_t deadline_ns = 0;   // Of the session's first packet.
};

enum class HeldOutcome : std::uint8_t {
  kWait,
  kConfirmed,
  kRefused,
  kDeadline,
  kGone,  // The session ended meanwhile.
};

// The session is still the one that was opened.
[[nodiscard]] inline bool IsThere(const HeldSession& held,
                                  const statesync::SessionEntry& entry) noexcept {
  return entry.state != 0 && entry.tombstone == statesync::Tombstone::kLive &&
         entry.generation == held.name.generation;
}

// What becomes of a packet. A refusal counts even if the record is confirmed: a refused record is
// confirmed too, as the peer has dealt with it.
[[nodiscard]] inline HeldOutcome Judge(const HeldSession& held,
                                       const statesync::SessionEntry& entry,
                                       const Confirmed& confirmed, std::int64_t now_ns) noexcept {
  if (held.refused) return HeldOutcome::kRefused;
  const bool is_there = IsThere(held, entry);
  if (is_there && confirmed.Covers(held.name.handle.shard, VersionOf(entry))) {
    return HeldOutcome::kConfirmed;
  }
  if (now_ns >= held.deadline_ns) return HeldOutcome::kDeadline;
  return is_there ? HeldOutcome::kWait : HeldOutcome::kGone;
}

template <typename Packet>
class CommitQueue {
 public:
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t room() const noexcept { return kHeldMax - count_; }
  // When the next deadline is; far away if nothing is held.
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept { return next_deadline_ns_; }

  // A session's first packet. REQUIRES: room() > 0, !Has(session.name).
  void Hold(const HeldSession& session, const Packet& packet) noexcept {
    ENSURE(count_ < kHeldMax);
    Append(session, packet);
  }

  [[nodiscard]] bool Has(const SessionName& name) const noexcept {
    return count_ != 0 && filter_[BucketOf(name)] != 0 && Find(name) != nullptr;
  }

  // A later packet of a session that has packets here. False: no room for it, it stays the
  // caller's. REQUIRES: Has(name).
  [[nodiscard]] bool HoldBehind(const SessionName& name, const Packet& packet,
                                std::int64_t now_ns) noexcept {
    const Held* const first = Find(name);
    ENSURE(first != nullptr);
    const auto of_session = [&](const Held& held) { return held.session.name == name; };
    const auto held_of = std::count_if(held_.data(), held_.data() + count_, of_session);
    if (count_ == kHeldMax || held_of >= kHeldPerSessionMax) return false;
    HeldSession session = first->session;
    session.since_ns = now_ns;
    Append(session, packet);
    return true;
  }

  // The peer could not take the session. Nothing if nothing of it is held.
  void Refuse(const SessionName& name) noexcept {
    if (count_ == 0 || filter_[BucketOf(name)] == 0) return;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (held_[i].session.name == name) held_[i].session.refused = true;
    }
  }

  // judge(session) → HeldOutcome, for each packet, oldest first; settle(session, packet, outcome)
  // for those that do not wait: they are out. Neither may touch the queue.
  template <typename JudgeOne, typename SettleOne>
  void Settle(JudgeOne&& judge, SettleOne&& settle) noexcept {
    std::uint32_t kept = 0;
    std::int64_t next_ns = kNever;
    for (std::uint32_t i = 0; i < count_; ++i) {
      Held& held = held_[i];
      const HeldOutcome outcome = judge(held.session);
      if (outcome == HeldOutcome::kWait) {
        next_ns = std::min(next_ns, held.session.deadline_ns);
        if (kept != i) held_[kept] = held;
        ++kept;
        continue;
      }
      --filter_[BucketOf(held.session.name)];
      settle(held.session, held.packet, outcome);
    }
    count_ = kept;
    next_deadline_ns_ = next_ns;
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr std::size_t kFilterBuckets = 4'096;

  struct Held {
    HeldSession session;
    Packet packet;
  };

  static std::size_t BucketOf(const SessionName& name) noexcept {
    const std::uint32_t place = (std::uint32_t{name.handle.shard} << 16) | name.handle.slot;
    return (place * 0x9e37'79b1u) >> 20;
  }
  // The oldest packet of the session.
  [[nodiscard]] const Held* Find(const SessionName& name) const noexcept {
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (held_[i].session.name == name) return &held_[i];
    }
    return nullptr;
  }
  void Append(const HeldSession& session, const Packet& packet) noexcept {
    held_[count_++] = {session, packet};
    ++filter_[BucketOf(session.name)];
    next_deadline_ns_ = std::min(next_deadline_ns_, session.deadline_ns);
  }

  std::uint32_t count_ = 0;
  std::int64_t next_deadline_ns_ = kNever;
  std::array<Held, kHeldMax> held_;
  std::array<std::uint16_t, kFilterBuckets> filter_{};  // Packets by hash of their handle.
};

}  // namespace dataplane
