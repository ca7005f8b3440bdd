// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One node of a configuration: immutable, shared between revisions, with the hash of what is below.
//
// A container or list entry holds those of its children that exist, in schema order. A list or
// leaf-list is a node too; it holds its entries in a search tree whose shape follows from the
// entries alone (sequence.h), so that a change copies and hashes O(log n) of them and the hash does
// not depend on the order of edits. A container without presence, and a list, that would be empty
// does not exist.
//
// Threads: immutable; any number of readers, any number of owners.
// Memory:  at most 300 bytes a node, all in (a benchmark counts it).

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "configsync/schema/schema_node.h"
#include "configsync/tree/hash.h"

namespace configsync {

class Node;
using NodePtr = std::shared_ptr<const Node>;

enum class NodeRole : std::uint8_t {
  kContainer,  // Also the root.
  kList,       // All entries.
  kEntry,      // One.
  kLeaf,
  kLeafList,  // All values.
  kValue,     // One.
};

class Node {
 public:
  virtual ~Node() = default;  // Made by tree.h only.

  [[nodiscard]] NodeRole role() const;
  [[nodiscard]] const SchemaNode& schema() const;  // Of an entry or value: of its list.
  [[nodiscard]] const Hash& hash() const;

  // Canonical text of a leaf or value; empty of the others. A secret is in the clear here: only
  // schema/print_json.h with Secrets::kClear and the sealed store may let it out.
  [[nodiscard]] std::string_view value() const;

  // Of a container or entry, in schema order.
  [[nodiscard]] std::span<const NodePtr> children() const;
  // Cost: O(log children). Null: not there.
  [[nodiscard]] const Node* Child(const SchemaNode& schema) const;

  // Of a list or leaf-list: in user order, or by key where order means nothing.
  [[nodiscard]] std::size_t entry_count() const;
  // Calls `visit` until it returns false.
  void VisitEntries(const std::function<bool(const Node&)>& visit) const;
  // Cost: O(log n) in a system-ordered list, O(n) in a user-ordered one. Null: not there.
  [[nodiscard]] const Node* Entry(std::span<const std::string> keys) const;

  // Of an entry: value of its i-th key. Of a value: itself.
  [[nodiscard]] std::string_view key(std::size_t i) const;
};

}  // namespace configsync
