// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// When to persist the mark that keeps a restarted node from taking a term it took before.
//
// The mark is written ahead: it lies kRoundsAhead above what is needed, so a takeover waits for no
// disk. After a restart every term up to the mark counts as taken.
//
// Threads: one.  Memory: values.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "statesync/limits.h"
#include "statesync/types.h"

namespace statesync {

class TermMark {
 public:
  // Rounds of terms (of eight, one per node) that a mark lies ahead. Each boot uses up as many, so
  // 2^21 rounds last for half a million boots.
  static constexpr std::uint32_t kRoundsAhead = 4;

  // `persisted` is what the store held at start, zero if there was nothing.
  explicit TermMark(Term persisted) : persisted_(persisted) {}

  // Mark to write now, in the background; nothing while the persisted one is far enough ahead of
  // the next term this node could take. `highest` is the highest term known or taken.
  [[nodiscard]] std::optional<Term> WriteWanted(Term highest) const {
    const std::uint32_t round = highest.value >> 3;
    if (persisted_.value >> 3 >= round + kRoundsAhead / 2) return std::nullopt;
    const std::uint32_t wanted = std::min(round + kRoundsAhead, kTermMax >> 3);
    if (wanted <= persisted_.value >> 3) return std::nullopt;
    return MakeTerm(wanted, static_cast<NodeIndex>(kNodesMax - 1));
  }
  // REQUIRES: the mark is on stable storage.
  void OnWritten(Term mark) { persisted_ = std::max(persisted_, mark); }
  [[nodiscard]] Term persisted() const { return persisted_; }

 private:
  Term persisted_;
};

}  // namespace statesync
