// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What must hold in every run, each in a file of its own that says it in a sentence. A checker
// returns the first thing it found; an empty string is good news. No regress and no resurrection
// are in ledger.cc, liveness is World::RunUntilQuiet.

#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tests/sim/ledger.h"
#include "tests/sim/node.h"

namespace sim {

// Looks at every slot of both tables.
[[nodiscard]] std::string CheckConvergence(statesync::Instant now, Node& owner, Node& receiver);

[[nodiscard]] std::string CheckHonesty(statesync::Instant now, Node& owner, Node& receiver,
                                       const Ledger& ledger);

// One incarnation that was swept while the other node owned the tables.
[[nodiscard]] std::string CheckLoss(statesync::Instant now, const Ledger::Lost& lost, Node& owner);

class Bounded {
 public:
  // Called at every sample; `used_packets`: on their way, in inboxes and in engines' hands.
  [[nodiscard]] std::string Check(statesync::Instant now, std::array<Node*, 2> nodes,
                                  const WorldOptions& options, std::size_t used_packets);

 private:
  std::array<std::uint64_t, 2> frames_{};
  statesync::Instant since_;
};

class OneOwner {
 public:
  // The node sent heartbeats; the other one heard a statement of it.
  void OnBeatsSent(statesync::Instant now, int node) { sent_[Index(node)] = now; }
  void OnHeard(statesync::Instant now, int listener, const statesync::Statement& statement,
               statesync::Term own_term, bool owns);
  // Its state changed; `has_taken`: it took a term just now.
  void OnRole(statesync::Instant now, int node, bool has_taken);
  [[nodiscard]] std::string Check(statesync::Instant now, std::array<Node*, 2> nodes);

 private:
  static std::size_t Index(int node) { return static_cast<std::size_t>(node); }

  std::array<statesync::Instant, 2> sent_{};
  std::array<statesync::Instant, 2> heard_{};  // Any statement of the peer.
  std::array<statesync::Instant, 2> heard_at_take_{};
  std::array<statesync::Instant, 2> took_{};
  std::array<statesync::Instant, 2> knows_since_{};  // A peer that leads; zero: does not.
};

}  // namespace sim
