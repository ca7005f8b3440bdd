// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One node of a configuration: immutable, shared between revisions, with the hash of what is below.
//
// A container or list entry holds those of its children that exist, in schema order. A list or
// leaf-list is a node too; it holds its entries in search trees whose shape follows from the
// entries alone (sequence.h), so that a change copies and hashes O(log n) of them and the hash does
// not depend on the order of edits. A container without presence, and a list, that would be empty
// does not exist.
//
// Threads: immutable; any number of readers, any number of owners.
// Memory:  at most 300 bytes a node, all in (a benchmark counts it). One block a node: what it
//          holds stands behind the object.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "configsync/schema/schema_node.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/ref.h"

namespace configsync {

class Node;
using NodePtr = Ref<const Node>;

enum class NodeRole : std::uint8_t {
  kContainer,  // Also the root.
  kList,       // All entries.
  kEntry,      // One.
  kLeaf,
  kLeafList,  // All values.
  kValue,     // One.
};

// What hashes and lengths can carry; the schema's own limits are narrower.
inline constexpr std::size_t kValueBytesMax = 1U << 20;
inline constexpr std::size_t kListEntriesMax = 1U << 24;

class Node {
 public:
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] NodeRole role() const { return role_; }
  // Of an entry or value: of its list.
  [[nodiscard]] const SchemaNode& schema() const { return *schema_; }
  [[nodiscard]] const Hash& hash() const { return hash_; }

  // Canonical text of a leaf or value; empty of the others. A secret is in the clear here: only
  // schema/print_json.h with Secrets::kClear and the sealed store may let it out.
  [[nodiscard]] std::string_view value() const;

  // Of a container or entry, in schema order; an entry's keys come first.
  [[nodiscard]] std::span<const NodePtr> children() const;
  // Cost: O(log children). Null: not there.
  [[nodiscard]] const Node* Child(const SchemaNode& schema) const;

  // Of a list or leaf-list: in user order, or by key where order means nothing.
  [[nodiscard]] std::size_t entry_count() const;
  // Calls `visit` until it returns false. Cost: O(n).
  void VisitEntries(const std::function<bool(const Node&)>& visit) const;
  // Cost: O(log n). Null: not there.
  [[nodiscard]] const Node* Entry(std::span<const std::string> keys) const;

  // Of an entry: value of its i-th key. Of a value: itself.
  [[nodiscard]] std::string_view key(std::size_t i) const;
  [[nodiscard]] std::size_t key_count() const;

  // For Ref.
  void AddReference() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void DropReference() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) Destroy();
  }

 private:
  friend class NodeMaker;  // node_maker.h: the only one that makes nodes.
  Node(NodeRole role, const SchemaNode& schema, std::uint32_t count)
      : count_(count), schema_(&schema), role_(role) {}
  ~Node() = default;
  void Destroy() const;

  mutable std::atomic<std::uint32_t> references_{1};
  std::uint32_t count_;  // Children, or bytes of the value.
  const SchemaNode* schema_;
  Hash hash_;
  NodeRole role_;
  bool stale_ = true;  // The hash is not computed yet. Invariant: false when others see the node.
  // Behind it: NodePtr[count_], or char[count_], or a ListBody.
};

}  // namespace configsync
