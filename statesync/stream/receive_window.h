// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which frames of a stream have been applied, which are missing, and when to ask for them.
//
// A frame is missing when a later one, or a stated next number, shows that it exists. It is asked
// for after the reorder wait, and again after each retry interval, until it arrives or a note
// closes it. The reorder wait is learnt: nothing on a path that keeps the order, so that a loss
// costs no more than its repair; else what late frames needed, which fades with gaps that no late
// frame closed.
//
// Threads: one.  Memory: one bit per frame of the window and a fixed list of gaps.
// Source:  Aeron's aeron_loss_detector.h for the shape.
// Invariant: contiguous_ <= known_; every frame <= contiguous_ is closed; frame contiguous_ + 1 is
// not.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/limits.h"
#include "statesync/types.h"

namespace statesync {

struct FrameRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // Inclusive.
};

class ReceiveWindow {
 public:
  enum class Arrival : std::uint8_t { kNew, kDuplicate, kOutside };

  ReceiveWindow(Duration reorder_wait_max, Duration retry_interval)
      : reorder_wait_max_(reorder_wait_max), retry_interval_(retry_interval) {}

  // Forgets everything. Until SetBase nothing is known, and every frame is kOutside.
  void Reset();
  // Everything up to `frame` is closed: this node starts to listen after it. Digests cover the
  // rest.
  void SetBase(std::uint64_t frame);
  [[nodiscard]] bool has_base() const { return has_base_; }
  [[nodiscard]] std::uint64_t base() const { return base_; }

  // Every frame up to this one is applied or closed; zero without a base. What `ack` says.
  [[nodiscard]] std::uint64_t contiguous() const { return contiguous_; }
  [[nodiscard]] bool has_gap() const { return contiguous_ < known_; }
  // Gaps seen since the window was made.
  [[nodiscard]] std::uint64_t gaps_seen() const { return gaps_seen_; }

  // Applied, or closed by a note.
  [[nodiscard]] bool IsClosed(std::uint64_t frame) const {
    return frame <= contiguous_ || (frame <= known_ && IsMarked(frame));
  }
  [[nodiscard]] Arrival Classify(std::uint64_t frame) const;
  // The frame was applied. REQUIRES: Classify() says kNew.
  void OnApplied(std::uint64_t frame, Instant now);
  // The frame came although it is closed. If a note had closed it, it was late and not lost.
  void OnDuplicate(std::uint64_t frame);
  // The peer has numbered frames up to this one.
  void OnKnown(std::uint64_t frame, Instant now);
  // Closes missing frames of the range; others are left alone. Returns how many were closed.
  std::uint64_t Close(FrameRange range, Instant now);

  // Fills in ranges to ask for now and arms their retry. Returns the number of ranges.
  std::size_t TakeDue(Instant now, std::span<FrameRange> ranges);
  // When TakeDue next has something; Instant max if nothing is missing.
  [[nodiscard]] Instant NextDue() const;
  // What the next gap waits for late frames.
  [[nodiscard]] Duration reorder_wait() const { return reorder_wait_; }

 private:
  using Bits = std::array<std::uint64_t, kReceiveWindowFrames / 64>;
  // Frames first … last; some may have arrived since, the bitmap says which.
  struct Gap {
    FrameRange range;
    Instant seen;
    Instant due;
    std::uint64_t cursor = 0;  // Frames before it were asked for in the round that is due.
  };
  static constexpr std::size_t kGapsMax = 128;

  static bool Has(const Bits& bits, std::uint64_t frame);
  static void Set(Bits& bits, std::uint64_t frame, bool is_set);
  [[nodiscard]] bool IsMarked(std::uint64_t frame) const { return Has(bits_, frame); }
  void Mark(std::uint64_t frame) { Set(bits_, frame, true); }
  void Advance();
  void AddGap(FrameRange range, Instant now);
  void LearnLateness(std::uint64_t frame, Instant now);
  void DropClosedGaps();

  Duration reorder_wait_max_;
  Duration reorder_wait_{0};
  Duration retry_interval_;
  bool has_base_ = false;
  std::uint64_t base_ = 0;
  std::uint64_t contiguous_ = 0;
  std::uint64_t known_ = 0;
  std::uint64_t gaps_seen_ = 0;
  Bits bits_{};
  Bits noted_{};                      // Closed by a note; of the last kReceiveWindowFrames frames.
  std::array<Gap, kGapsMax> gaps_{};  // Ascending; [0, gap_count_).
  std::size_t gap_count_ = 0;
};

}  // namespace statesync
