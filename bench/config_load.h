// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A configuration of many rules, nine nodes each: the entry, six leaves, a leaf-list and its value.
// Three leaves are references; one leaf is each node's own, so that a projection has to look into
// every rule.
//
// Threads: one object, one thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "configsync/schema/schema_node.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace bench {

inline constexpr std::size_t kNodesOfARule = 9;

class ConfigLoad {
 public:
  ConfigLoad();
  ConfigLoad(const ConfigLoad&) = delete;
  ConfigLoad& operator=(const ConfigLoad&) = delete;

  [[nodiscard]] const configsync::SchemaNode& root() const { return nodes_.front(); }
  [[nodiscard]] std::vector<configsync::Edit> EditsOfRules(std::size_t rule_count) const;
  [[nodiscard]] configsync::Tree Make(std::size_t rule_count) const;

  // Another zone for one rule, as an operator would set it.
  configsync::Edit ChangeOfARule(std::size_t rule_count);
  // A new rule behind another one.
  configsync::Edit NewRule(std::size_t rule_count);
  configsync::Edit MoveOfARule(std::size_t rule_count);

 private:
  configsync::SchemaNode& Add(configsync::SchemaNode* parent, configsync::NodeKind kind,
                              const char* name);
  configsync::PathStep Rule(std::size_t i) const;
  configsync::Edit SetOfRule(std::size_t i, const configsync::SchemaNode& leaf,
                             std::string value) const;

  std::deque<configsync::SchemaNode> nodes_;
  const configsync::SchemaNode* policy_ = nullptr;
  const configsync::SchemaNode* rule_ = nullptr;
  const configsync::SchemaNode* zone_ = nullptr;
  const configsync::SchemaNode* address_ = nullptr;
  std::mt19937_64 random_{1};
  std::uint64_t new_rules_ = 0;
};

}  // namespace bench
