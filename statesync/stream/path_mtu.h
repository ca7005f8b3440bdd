// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How large a datagram the path to the peer carries now. PROTOCOL.md §3, "Path MTU".
//
// A size is used after a padded probe of it was acknowledged, and only as long as further probes
// are: a link that begins to swallow large datagrams loses frames, not the stream. Loss alone
// rarely makes it fall, as many tries in a row must stay unanswered while the peer is heard; to
// fall is harmless, because frames are made again from handles and the search begins at once.
//
// Threads: one.  Memory: a value.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/limits.h"
#include "statesync/types.h"

namespace statesync {

enum class PathMtuState : std::uint8_t {
  kSettled,    // The size in use is believed.
  kVerifying,  // … and asked for again.
  kSearching,  // Larger ones are tried, from the largest down.
};
enum class PathMtuEvent : std::uint8_t {
  kRestarted,  // A connection: nothing is known of the path.
  kVerifyDue,
  kRaiseDue,
  kAcked,      // The path carries what was asked for, or more.
  kExhausted,  // Every try stayed unanswered, although the peer was heard.
};
inline constexpr std::size_t kPathMtuStates = 3;
inline constexpr std::size_t kPathMtuEvents = 5;

// A verification that is exhausted makes the size fall to the smallest first.
// clang-format off
inline constexpr auto kPathMtuSteps = [] {
  using enum PathMtuState;
  return std::array<std::array<PathMtuState, kPathMtuEvents>, kPathMtuStates>{{
      //                kRestarted  kVerifyDue  kRaiseDue   kAcked    kExhausted
      /* kSettled   */ {kSearching, kVerifying, kSearching, kSettled, kSettled},
      /* kVerifying */ {kSearching, kVerifying, kVerifying, kSettled, kSearching},
      /* kSearching */ {kSearching, kSearching, kSearching, kSettled, kSettled},
  }};
}();
// clang-format on

// Tries of one size. At 30 % loss each way a round trip fails half the time: a verification then
// fails once in 50,000, a search once in 200, and comes again after raise_interval.
inline constexpr std::uint32_t kPathSearchTries = 8;
inline constexpr std::uint32_t kPathVerifyTries = 16;
// What most paths carry that do not carry jumbo frames: MTU 1500 less IPv4 and UDP headers.
inline constexpr std::size_t kDatagramBytesEthernet = 1'472;

struct PathMtuOptions {
  Duration try_interval = Millis(5);
  Duration verify_interval = Seconds(1);
  Duration raise_interval = Seconds(10);
};

class PathMtu {
 public:
  explicit PathMtu(const PathMtuOptions& options = {}) : options_(options) {}

  // The path is unknown: sends the smallest and searches. agreed_max: what both nodes accept.
  void Restart(Instant now, std::size_t agreed_max);

  // Largest datagram to send now. TakeProbe and OnAck change it.
  [[nodiscard]] std::size_t datagram_bytes() const { return in_use_; }

  // Bytes of the padded datagram to send now; 0: none is due. Without an answer a try counts as
  // failed once the peer was heard after it: a silent peer says nothing about sizes.
  [[nodiscard]] std::size_t TakeProbe(Instant now, Instant last_heard, Duration round_trip);
  // When TakeProbe has something to do.
  [[nodiscard]] Instant NextDue(Instant last_heard, Duration round_trip) const;

  // The peer received a probe of this size. False: none of this size was sent lately.
  bool OnAck(Instant now, std::size_t datagram_bytes);
  // Frames were lost: the size in use is verified soon, if it was not just now.
  void Suspect(Instant now);

  [[nodiscard]] PathMtuState state() const { return state_; }
  // How often the size grew or fell since the object was made.
  [[nodiscard]] std::uint64_t raised_count() const { return raised_; }
  [[nodiscard]] std::uint64_t lowered_count() const { return lowered_; }

 private:
  struct Candidate {
    std::size_t bytes = 0;
    bool is_probed = false;
    Instant probed_at;  // If is_probed.
  };
  void Move(PathMtuEvent event) {
    state_ = kPathMtuSteps[static_cast<std::size_t>(state_)][static_cast<std::size_t>(event)];
  }
  void Search(std::size_t candidate);
  void Settle(Instant now);
  // What follows when every try of the size in probe failed.
  void GiveUpSize(Instant now);
  [[nodiscard]] Duration WaitFor(Instant last_heard, Duration round_trip) const;

  PathMtuOptions options_;
  PathMtuState state_ = PathMtuState::kSettled;
  std::size_t in_use_ = kDatagramBytesMin;
  std::array<Candidate, 3> candidates_{};  // Descending; the last one is the smallest.
  std::size_t candidate_count_ = 0;
  std::size_t probing_ = 0;  // Index, unless settled.
  std::uint32_t tries_ = 0;  // Of it; the last one is not judged yet.
  Instant tried_at_;         // If tries_ > 0.
  Instant verify_at_;        // If settled above the smallest.
  Instant raise_at_;         // If settled below the largest.
  Instant settled_at_;
  std::uint64_t raised_ = 0;
  std::uint64_t lowered_ = 0;
};

// The other end: answers to the peer's probes. One is remembered, the newest; a flood of them is
// answered at a bounded rate.
class ProbeAnswers {
 public:
  static constexpr Duration kInterval = Millis(1);

  void OnProbe(std::size_t datagram_bytes) { pending_ = datagram_bytes; }
  void Forget() { pending_ = 0; }
  [[nodiscard]] bool IsDue(Instant now) const { return pending_ != 0 && next_ <= now; }
  // Size to acknowledge. REQUIRES: IsDue(now).
  [[nodiscard]] std::size_t Take(Instant now) {
    const std::size_t bytes = pending_;
    pending_ = 0;
    next_ = now + kInterval;
    return bytes;
  }
  [[nodiscard]] bool has_pending() const { return pending_ != 0; }
  [[nodiscard]] Instant next() const { return next_; }

 private:
  std::size_t pending_ = 0;  // Bytes of a datagram; 0: none.
  Instant next_;             // Not before.
};

}  // namespace statesync
