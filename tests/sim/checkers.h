// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What must hold in every run, each in a file of its own. A checker says the first thing it found;
// an empty string is good news.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/sim/node.h"

namespace sim {

// One live entry, as the checkers see it.
struct Row {
  std::string key;  // Addresses, ports, protocol, NAT.
  std::uint32_t incarnation = 0;
  std::uint64_t version = 0;
  std::array<std::uint32_t, 5> value{};  // State, edges in wire units, NAT address and port.
};
// All live entries, by key.
[[nodiscard]] std::map<std::string, Row> Dump(statesync::SessionTable& table);

// After quiet the two tables are equal, nothing is exposed, and no slot is left as a tombstone.
[[nodiscard]] std::string CheckConvergence(statesync::Instant now, Node& owner, Node& receiver);

// On one node the version of a session never falls. (Of a key it may: while a gap is open, the
// insert of an earlier incarnation can arrive after a later one was seen to end; its own delete
// follows.)
class NoRegress {
 public:
  [[nodiscard]] std::string Check(Node& node, const std::map<std::string, Row>& rows);

 private:
  std::unordered_map<std::uint32_t, std::uint64_t> versions_[2];  // By incarnation.
  std::uint64_t boot_[2] = {0, 0};
};

// A session that a receiver has seen end does not come back (I4), unless a takeover came between.
class NoResurrection {
 public:
  [[nodiscard]] std::string Check(Node& node, const std::map<std::string, Row>& rows);
  void OnRoleChange();

 private:
  std::unordered_map<std::uint32_t, std::string> live_[2];
  std::unordered_set<std::uint32_t> gone_[2];
  std::uint64_t boot_[2] = {0, 0};
};

// When both nodes call the receiver synced it lacks no more than what the owner says is exposed.
[[nodiscard]] std::string CheckHonesty(statesync::Instant now, Node& owner, Node& receiver,
                                       const std::map<std::string, Row>& owner_rows,
                                       const std::map<std::string, Row>& receiver_rows);

}  // namespace sim
