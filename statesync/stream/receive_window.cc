// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/receive_window.h"

#include <algorithm>
#include <limits>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"

namespace statesync {
namespace {

constexpr std::int64_t kForgetShare = 16;    // Part of the wait that a gap takes off.
constexpr std::int64_t kLatenessFactor = 2;  // The next frame may be later than the last one.

}  // namespace

void ReceiveWindow::Reset() {
  has_base_ = false;
  contiguous_ = 0;
  known_ = 0;
  bits_.fill(0);
  noted_.fill(0);
  gap_count_ = 0;
}

void ReceiveWindow::SetBase(std::uint64_t frame) {
  Reset();
  has_base_ = true;
  base_ = frame;
  contiguous_ = frame;
  known_ = frame;
}

ReceiveWindow::Arrival ReceiveWindow::Classify(std::uint64_t frame) const {
  if (!has_base_ || frame > contiguous_ + kReceiveWindowFrames) return Arrival::kOutside;
  return frame <= contiguous_ || IsMarked(frame) ? Arrival::kDuplicate : Arrival::kNew;
}

void ReceiveWindow::OnApplied(std::uint64_t frame, Instant now) {
  ENSURE(Classify(frame) == Arrival::kNew);
  if (frame <= known_) LearnLateness(frame, now);
  if (frame > known_ + 1) OnKnown(frame - 1, now);
  known_ = std::max(known_, frame);
  Mark(frame);
  Set(noted_, frame, false);
  Advance();
}

void ReceiveWindow::OnDuplicate(std::uint64_t frame) {
  if (frame + kReceiveWindowFrames <= contiguous_ || !Has(noted_, frame)) return;
  Set(noted_, frame, false);
  reorder_wait_ = reorder_wait_max_;  // How late it was is not known any more.
}

void ReceiveWindow::OnKnown(std::uint64_t frame, Instant now) {
  if (!has_base_ || frame <= known_) return;
  // What is past the window is learnt of again when the window has moved.
  frame = std::min(frame, contiguous_ + kReceiveWindowFrames);
  if (frame <= known_) return;
  AddGap({known_ + 1, frame}, now);
  known_ = frame;
}

std::uint64_t ReceiveWindow::Close(FrameRange range, Instant now) {
  if (!has_base_) return 0;
  OnKnown(range.last, now);
  std::uint64_t closed = 0;
  const std::uint64_t last = std::min(range.last, known_);
  for (std::uint64_t frame = std::max(range.first, contiguous_ + 1); frame <= last; ++frame) {
    if (IsMarked(frame)) continue;
    Mark(frame);
    Set(noted_, frame, true);
    ++closed;
  }
  Advance();
  return closed;
}

std::size_t ReceiveWindow::TakeDue(Instant now, std::span<FrameRange> ranges) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < gap_count_; ++i) {
    Gap& gap = gaps_[i];
    if (gap.due > now) continue;
    std::uint64_t frame = std::max({gap.range.first, gap.cursor, contiguous_ + 1});
    while (frame <= gap.range.last) {
      if (IsMarked(frame)) {
        ++frame;
        continue;
      }
      if (count == ranges.size()) {
        SIM_PROBE(nack_ranges_full);
        gap.cursor = frame;  // The gap stays due: the rest goes next time.
        return count;
      }
      const std::uint64_t first = frame;
      while (frame <= gap.range.last && !IsMarked(frame)) {
        if (SIM_BUG(close_unrepaired)) Mark(frame);
        ++frame;
      }
      ranges[count++] = {first, frame - 1};
    }
    gap.cursor = 0;
    gap.due = SIM_BUG(ask_once) ? Instant{std::numeric_limits<std::int64_t>::max()}
                                : now + retry_interval_;
  }
  return count;
}

Instant ReceiveWindow::NextDue() const {
  Instant due{std::numeric_limits<std::int64_t>::max()};
  for (std::size_t i = 0; i < gap_count_; ++i) due = std::min(due, gaps_[i].due);
  return due;
}

bool ReceiveWindow::Has(const Bits& bits, std::uint64_t frame) {
  const std::uint64_t bit = frame % kReceiveWindowFrames;
  return (bits[bit / 64] >> (bit % 64) & 1) != 0;
}

void ReceiveWindow::Set(Bits& bits, std::uint64_t frame, bool is_set) {
  const std::uint64_t bit = frame % kReceiveWindowFrames;
  const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
  std::uint64_t& word = bits[bit / 64];
  word = is_set ? word | mask : word & ~mask;
}

// Bits behind the contiguous frame are cleared, so that their places are free for later numbers.
void ReceiveWindow::Advance() {
  const std::uint64_t before = contiguous_;
  while (contiguous_ < known_ && IsMarked(contiguous_ + 1)) {
    Set(bits_, ++contiguous_, false);
  }
  if (contiguous_ != before) DropClosedGaps();
}

// With no room for another gap the last one grows: the bitmap tells its frames apart anyway.
void ReceiveWindow::AddGap(FrameRange range, Instant now) {
  ++gaps_seen_;
  const Instant due = now + reorder_wait_;
  reorder_wait_ = reorder_wait_ - Duration{reorder_wait_.ns / kForgetShare};
  if (SIM_BUG(ignore_gap)) return;
  if (gap_count_ == kGapsMax) {
    SIM_PROBE(gap_list_full);
    gaps_[kGapsMax - 1].range.last = range.last;
    return;
  }
  gaps_[gap_count_++] = {range, now, due, 0};
}

void ReceiveWindow::LearnLateness(std::uint64_t frame, Instant now) {
  for (std::size_t i = 0; i < gap_count_; ++i) {
    if (frame < gaps_[i].range.first || frame > gaps_[i].range.last) continue;
    const Duration late = (now - gaps_[i].seen) * kLatenessFactor;
    reorder_wait_ = std::min(reorder_wait_max_, std::max(reorder_wait_, late));
    return;
  }
}

void ReceiveWindow::DropClosedGaps() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < gap_count_; ++i) {
    if (gaps_[i].range.last > contiguous_) gaps_[kept++] = gaps_[i];
  }
  gap_count_ = kept;
}

}  // namespace statesync
