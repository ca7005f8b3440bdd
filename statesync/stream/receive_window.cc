// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/receive_window.h"

#include <algorithm>
#include <limits>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"

namespace statesync {

void ReceiveWindow::Reset() {
  has_base_ = false;
  contiguous_ = 0;
  known_ = 0;
  bits_.fill(0);
  gap_count_ = 0;
}

void ReceiveWindow::SetBase(std::uint64_t frame) {
  Reset();
  has_base_ = true;
  contiguous_ = frame;
  known_ = frame;
}

ReceiveWindow::Arrival ReceiveWindow::Classify(std::uint64_t frame) const {
  if (!has_base_ || frame > contiguous_ + kReceiveWindowFrames) return Arrival::kOutside;
  return frame <= contiguous_ || IsMarked(frame) ? Arrival::kDuplicate : Arrival::kNew;
}

void ReceiveWindow::OnApplied(std::uint64_t frame, Instant now) {
  ENSURE(Classify(frame) == Arrival::kNew);
  if (frame > known_ + 1) OnKnown(frame - 1, now);
  known_ = std::max(known_, frame);
  Mark(frame);
  Advance();
}

void ReceiveWindow::OnKnown(std::uint64_t frame, Instant now) {
  if (!has_base_ || frame <= known_) return;
  // What is past the window is learnt of again when the window has moved.
  if (frame > contiguous_ + kReceiveWindowFrames) SIM_PROBE(known_past_window);
  frame = std::min(frame, contiguous_ + kReceiveWindowFrames);
  if (frame <= known_) return;
  AddGap({known_ + 1, frame}, now + reorder_wait_);
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

bool ReceiveWindow::IsMarked(std::uint64_t frame) const {
  const std::uint64_t bit = frame % kReceiveWindowFrames;
  return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
}

void ReceiveWindow::Mark(std::uint64_t frame) {
  const std::uint64_t bit = frame % kReceiveWindowFrames;
  bits_[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

// Bits behind the contiguous frame are cleared, so that their places are free for later numbers.
void ReceiveWindow::Advance() {
  const std::uint64_t before = contiguous_;
  while (contiguous_ < known_ && IsMarked(contiguous_ + 1)) {
    ++contiguous_;
    const std::uint64_t bit = contiguous_ % kReceiveWindowFrames;
    bits_[bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
  }
  if (contiguous_ != before) DropClosedGaps();
}

// With no room for another gap the last one grows: the bitmap tells its frames apart anyway.
void ReceiveWindow::AddGap(FrameRange range, Instant due) {
  ++gaps_seen_;
  if (SIM_BUG(ignore_gap)) return;
  if (gap_count_ == kGapsMax) {
    SIM_PROBE(gap_list_full);
    gaps_[kGapsMax - 1].range.last = range.last;
    return;
  }
  gaps_[gap_count_++] = {range, due, 0};
}

void ReceiveWindow::DropClosedGaps() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < gap_count_; ++i) {
    if (gaps_[i].range.last > contiguous_) gaps_[kept++] = gaps_[i];
  }
  gap_count_ = kept;
}

}  // namespace statesync
