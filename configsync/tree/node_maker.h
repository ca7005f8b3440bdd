// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Makes and changes nodes, for the files of this folder alone. A node may be changed while it has
// one owner: a batch copies what it touches once, changes the copies in place, and computes hashes
// when it is through (Settle). Nobody else sees a node before that.
//
// Threads: a node under construction belongs to one thread.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "configsync/tree/canonical.h"
#include "configsync/tree/node.h"
#include "configsync/tree/order_editor.h"
#include "configsync/tree/sequence.h"

namespace configsync {

// What a list or leaf-list holds.
struct ListBody {
  LinkPtr contents;
  LinkPtr order;  // Of user-ordered ones: the same ids, by position.
  // While a batch is at work: stands for `order`.
  std::unique_ptr<OrderEditor> editor;
  DepthBound depth{0};  // Of both treaps; an editor's is looked at when it is finished.
};

class NodeMaker {
 public:
  // Roles: kLeaf, kValue.
  static NodePtr MakeLeaf(NodeRole role, const SchemaNode& schema, std::string_view value);
  // Roles: kContainer, kEntry. Takes the children, which are in schema order.
  static NodePtr MakeBranch(NodeRole role, const SchemaNode& schema, std::span<NodePtr> children);
  static NodePtr MakeEntry(const SchemaNode& list, std::span<const std::string_view> keys);
  static NodePtr MakeList(const SchemaNode& schema, LinkPtr contents, LinkPtr order);

  [[nodiscard]] static const ListBody& Body(const Node& list) { return *BodyOf(&list); }

  // Makes `node` a node of this owner alone, to be changed.
  static void Own(NodePtr& node);
  // REQUIRES, of all below: `parent` or `list` is owned.
  // The child, owned; null: it is not there.
  static NodePtr* OwnChild(NodePtr& parent, const SchemaNode& schema);
  // Adds or replaces.
  static NodePtr& PutChild(NodePtr& parent, NodePtr child);
  static void RemoveChild(NodePtr& parent, const SchemaNode& schema);  // REQUIRES: it is there.
  [[nodiscard]] static ListBody& OwnBody(NodePtr& list) { return *BodyOf(list.get()); }

  // Computes the hashes that are missing below `node` and its own. Cost: O(what was changed).
  // Returns a list whose editor made its order deeper than kTreapDepthMax, and then the nodes are
  // worth nothing; null: there is none.
  static const SchemaNode* Settle(const NodePtr& node, const SecretKey& key);
  // Only those of links: of treaps without entries that are not settled.
  static void SettleOrder(const LinkPtr& order);

 private:
  friend class Node;
  class Settler;
  static Node* Allocate(NodeRole role, const SchemaNode& schema, std::size_t count,
                        std::size_t bytes_behind);
  static NodePtr* ChildrenOf(const Node* node);
  static ListBody* BodyOf(const Node* node);
  static char* BytesOf(const Node* node);
  static std::size_t PlaceOf(const Node& parent, const SchemaNode& schema);
  static void Free(const Node* node);
};

}  // namespace configsync
