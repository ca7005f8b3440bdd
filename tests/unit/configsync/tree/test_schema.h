// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A small schema made by hand, with one of everything: each kind of node and order, keys that are
// numbers, two keys, nested lists, secrets, references and sync classes.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/path.h"
#include "configsync/schema/schema_node.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/tree.h"

namespace configsync {

class TestSchema {
 public:
  // `first_index` moves every index: nothing durable may depend on them.
  explicit TestSchema(std::uint32_t first_index = 0);
  TestSchema(const TestSchema&) = delete;
  TestSchema& operator=(const TestSchema&) = delete;

  [[nodiscard]] const SchemaNode& root() const { return nodes_.front(); }
  [[nodiscard]] const std::deque<SchemaNode>& nodes() const { return nodes_; }
  // "/policy/rule/action"; aborts if there is none.
  [[nodiscard]] const SchemaNode& At(std::string_view path) const;
  [[nodiscard]] SchemaNode& Change(std::string_view path);

  // "/policy/rule[r1]/action": keys stand in brackets, several with a comma between.
  [[nodiscard]] Path PathOf(std::string_view text) const;
  [[nodiscard]] Edit Set(std::string_view path, std::string_view value = "") const;
  [[nodiscard]] Edit SetBehind(std::string_view path, After after) const;
  [[nodiscard]] Edit Delete(std::string_view path) const;
  [[nodiscard]] Edit Move(std::string_view path, After after) const;
  [[nodiscard]] Tree Empty() const;
  // Aborts on an error.
  [[nodiscard]] Tree Make(const std::vector<Edit>& edits) const;

 private:
  SchemaNode& Add(SchemaNode* parent, NodeKind kind, std::string_view name);
  SchemaNode& AddLeaf(SchemaNode& parent, std::string_view name, LeafType type = LeafType::kString);
  SchemaNode& AddLeafList(SchemaNode& parent, std::string_view name, ListOrder order);
  SchemaNode& AddList(SchemaNode& parent, std::string_view name, ListOrder order,
                      const std::vector<std::string_view>& keys);
  void AddObjects(SchemaNode& root);
  void AddPolicy(SchemaNode& root);
  void AddNetwork(SchemaNode& root);

  std::deque<SchemaNode> nodes_;  // Addresses are stable.
  std::uint32_t next_index_;
};

[[nodiscard]] SecretKey TestKey(std::uint8_t byte = 7);
// Applies; aborts on an error.
[[nodiscard]] Tree Applied(const Tree& tree, const std::vector<Edit>& edits);

}  // namespace configsync
