// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/path_mtu.h"

#include <algorithm>
#include <limits>

#include "statesync/ensure.h"

namespace statesync {
namespace {

constexpr Duration kAnswerAgeMax = Seconds(1);      // An older probe's answer says nothing.
constexpr Duration kSuspectInterval = Millis(100);  // Least distance of two verifications.
constexpr std::int64_t kSilentFactor = 20;          // Tries to a silent peer are that much rarer.
constexpr Instant kNever{std::numeric_limits<std::int64_t>::max()};

}  // namespace

void PathMtu::Restart(Instant now, std::size_t agreed_max) {
  ENSURE(agreed_max >= kDatagramBytesMin);
  in_use_ = kDatagramBytesMin;
  candidate_count_ = 0;
  for (const std::size_t bytes : {agreed_max, kDatagramBytesEthernet, kDatagramBytesMin}) {
    const bool is_new = candidate_count_ == 0 || bytes < candidates_[candidate_count_ - 1].bytes;
    if (is_new) candidates_[candidate_count_++] = {bytes, false, {}};
  }
  Move(PathMtuEvent::kRestarted);
  Search(0);
  if (candidate_count_ == 1) GiveUpSize(now);
}

void PathMtu::Search(std::size_t candidate) {
  probing_ = candidate;
  tries_ = 0;
}

void PathMtu::Settle(Instant now) {
  tries_ = 0;
  settled_at_ = now;
  verify_at_ = now + options_.verify_interval;
  raise_at_ = now + options_.raise_interval;
}

void PathMtu::GiveUpSize(Instant now) {
  if (state_ == PathMtuState::kVerifying) {
    Move(PathMtuEvent::kExhausted);
    in_use_ = kDatagramBytesMin;
    ++lowered_;
    // What is under way was sent before the path changed.
    for (Candidate& candidate : candidates_) candidate.is_probed = false;
    Search(0);
    return;
  }
  if (probing_ + 1 < candidate_count_ && candidates_[probing_ + 1].bytes > in_use_) {
    Search(probing_ + 1);
    return;
  }
  Move(PathMtuEvent::kExhausted);
  Settle(now);
}

Duration PathMtu::WaitFor(Instant last_heard, Duration round_trip) const {
  const Duration wait = std::max(options_.try_interval, round_trip * 2);
  return last_heard > tried_at_ ? wait : wait * kSilentFactor;
}

Instant PathMtu::NextDue(Instant last_heard, Duration round_trip) const {
  if (candidate_count_ <= 1) return kNever;
  if (state_ != PathMtuState::kSettled) {
    return tries_ == 0 ? Instant{0} : tried_at_ + WaitFor(last_heard, round_trip);
  }
  Instant due = kNever;
  if (in_use_ > kDatagramBytesMin) due = std::min(due, verify_at_);
  if (in_use_ < candidates_[0].bytes) due = std::min(due, raise_at_);
  return due;
}

std::size_t PathMtu::TakeProbe(Instant now, Instant last_heard, Duration round_trip) {
  if (NextDue(last_heard, round_trip) > now) return 0;
  if (state_ == PathMtuState::kSettled) {
    const bool verifies = in_use_ > kDatagramBytesMin && verify_at_ <= now;
    Move(verifies ? PathMtuEvent::kVerifyDue : PathMtuEvent::kRaiseDue);
    std::size_t first = 0;
    while (verifies && candidates_[first].bytes != in_use_) ++first;
    Search(first);
  } else if (tries_ > 0) {
    const std::uint32_t tries_max =
        state_ == PathMtuState::kVerifying ? kPathVerifyTries : kPathSearchTries;
    if (last_heard <= tried_at_) {
      --tries_;  // Nothing at all came: the try says nothing.
    } else if (tries_ >= tries_max) {
      GiveUpSize(now);
    }
    if (state_ == PathMtuState::kSettled) return 0;
  }
  Candidate& candidate = candidates_[probing_];
  ++tries_;
  tried_at_ = now;
  candidate.is_probed = true;
  candidate.probed_at = now;
  return candidate.bytes;
}

bool PathMtu::OnAck(Instant now, std::size_t datagram_bytes) {
  const auto known = std::span(candidates_).first(candidate_count_);
  const auto it = std::ranges::find(known, datagram_bytes, &Candidate::bytes);
  if (it == known.end() || !it->is_probed || it->probed_at + kAnswerAgeMax < now) return false;
  const bool verified = state_ == PathMtuState::kVerifying && datagram_bytes == in_use_;
  if (datagram_bytes > in_use_) {
    in_use_ = datagram_bytes;
    ++raised_;
  } else if (!verified) {
    return true;  // Again, or of a smaller one.
  }
  Move(PathMtuEvent::kAcked);
  Settle(now);
  return true;
}

void PathMtu::Suspect(Instant now) {
  if (state_ != PathMtuState::kSettled || now - settled_at_ < kSuspectInterval) return;
  verify_at_ = std::min(verify_at_, now);
}

}  // namespace statesync
