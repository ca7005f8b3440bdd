// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// NoRegress and NoResurrection; see checkers.h.

#include "tests/sim/checkers.h"

namespace sim {

std::string NoRegress::Check(Node& node, const std::map<std::string, Row>& rows) {
  auto& versions = versions_[node.index()];
  if (boot_[node.index()] != node.boot_id()) versions.clear();
  boot_[node.index()] = node.boot_id();
  for (const auto& [key, row] : rows) {
    if (row.version == 0) continue;  // Not published yet.
    std::uint64_t& seen = versions[row.incarnation];
    if (row.version < seen) {
      return "no regress: " + key + " fell from v" + std::to_string(seen) + " to v" +
             std::to_string(row.version) + " on node " + std::to_string(node.index());
    }
    seen = row.version;
  }
  return "";
}

std::string NoResurrection::Check(Node& node, const std::map<std::string, Row>& rows) {
  auto& live = live_[node.index()];
  auto& gone = gone_[node.index()];
  if (boot_[node.index()] != node.boot_id()) {
    live.clear();
    gone.clear();
  }
  boot_[node.index()] = node.boot_id();
  std::unordered_map<std::uint32_t, std::string> now_live;
  for (const auto& [key, row] : rows) {
    now_live[row.incarnation] = key;
    if (gone.contains(row.incarnation)) {
      return "no resurrection: incarnation " + std::to_string(row.incarnation) + " of " + key +
             " came back on node " + std::to_string(node.index());
    }
  }
  for (const auto& [incarnation, key] : live) {
    if (!now_live.contains(incarnation)) gone.insert(incarnation);
  }
  live = std::move(now_live);
  return "";
}

void NoResurrection::OnRoleChange() {
  for (auto& live : live_) live.clear();
  for (auto& gone : gone_) gone.clear();
}

}  // namespace sim
