// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/id_walk.h"

#include <charconv>
#include <string_view>

namespace configsync {

void CollectIdLeaves(const SchemaNode& schema, std::vector<const SchemaNode*>& leaves) {
  for (const SchemaNode* child : schema.children) {
    if (child->auto_id && child->parent->is_list()) leaves.push_back(child);
    CollectIdLeaves(*child, leaves);
  }
}

Path EntryWalk::Here() const {
  Path path;
  for (const Node* node : nodes_) {
    PathStep& step = path.emplace_back(PathStep{&node->schema(), {}});
    for (std::size_t i = 0; step.node->is_list() && i < step.node->key_count; ++i) {
      step.keys.emplace_back(node->key(i));
    }
  }
  return path;
}

void EntryWalk::Descend(const Node& node) {
  if (nodes_.size() == way_.size()) {
    visit_(node, *this);
    return;
  }
  const Node* child = node.Child(*way_[nodes_.size()]);
  if (child == nullptr) return;
  if (child->role() != NodeRole::kList) {
    nodes_.push_back(child);
    Descend(*child);
    nodes_.pop_back();
    return;
  }
  child->VisitEntries([this](const Node& entry) {
    nodes_.push_back(&entry);
    Descend(entry);
    nodes_.pop_back();
    return true;
  });
}

std::vector<const SchemaNode*> WayTo(const SchemaNode& leaf) {
  std::vector<const SchemaNode*> way;
  for (const SchemaNode* node = leaf.parent; node->parent != nullptr; node = node->parent) {
    way.insert(way.begin(), node);
  }
  return way;
}

std::uint64_t NumberOf(const Node* node) {
  std::uint64_t number = 0;
  if (node != nullptr) {
    const std::string_view text = node->value();
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

// Ids stand near the front, and looking at what stands behind them costs cache misses.
const Node* LeafOf(const Node& entry, const SchemaNode& leaf) {
  for (const NodePtr& child : entry.children().subspan(entry.schema().key_count)) {
    if (&child->schema() == &leaf) return &*child;
    if (child->schema().index > leaf.index) return nullptr;
  }
  return nullptr;
}

}  // namespace configsync
