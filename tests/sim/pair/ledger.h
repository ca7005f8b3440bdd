// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the checkers know of the past: which stamps operators made, which each node has seen, and
// which of them must not stay.
//
// Threads: one.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/pair/content.h"

namespace configsync {

class Ledger {
 public:
  Ledger(const Content& content, int node_count) : content_(content), nodes_(node_count) {}

  [[nodiscard]] Stamp NextStamp() { return ++last_; }
  // A commit that somebody must confirm, until `until_ms`.
  void MadeOnTrial(Stamp stamp) { trials_.insert(stamp); }
  // Somebody confirmed something: whatever is on trial may stay.
  void Confirmed() { trials_.clear(); }

  // A node has a new running configuration. `sender`: whose push it is; -1: its own doing.
  // Returns what is wrong; "": nothing.
  [[nodiscard]] std::string OnRevision(int node, int sender, bool is_forced, const Tree& before,
                                       const Tree& after);
  // The operator of `node` has seen what the other one has, and decides over it.
  void OnLook(int node, const Tree& theirs);

  // No stamp on trial is running, now that all deadlines are over.
  [[nodiscard]] std::string CheckTrials(int node, const Tree& running) const;
  [[nodiscard]] std::uint64_t pushes(int node) const { return nodes_.at(Index(node)).pushes; }

 private:
  struct PerNode {
    std::map<std::string_view, std::set<Stamp>> known;
    std::uint64_t pushes = 0;
  };
  static std::size_t Index(int node) { return static_cast<std::size_t>(node); }

  const Content& content_;
  std::vector<PerNode> nodes_;
  Stamp last_ = 0;
  std::set<Stamp> trials_;
};

}  // namespace configsync
