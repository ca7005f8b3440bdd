// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/tree/random_edits.h"

#include <optional>
#include <utility>

namespace configsync {

std::string RandomEdits::Value(const SchemaNode& node) {
  const std::size_t draw = Below(name_count);
  if (node.type == LeafType::kInteger) return std::to_string(draw * 7);
  if (node.leafref_target != nullptr && draw == 0) return "10.0.0.0/8";
  return "n" + std::to_string(draw);
}

Path RandomEdits::RandomPath() {
  Path path;
  const SchemaNode* node = root_;
  while (node->has_children()) {
    // Half of all paths lead to the policy, where everything is.
    const SchemaNode* child = node->children[Below(node->children.size())];
    if (node == root_ && Below(2) == 0) child = node->Child("policy");
    node = child;
    PathStep step{node, {}};
    if (node->is_list()) {
      for (std::size_t i = 0; i < node->key_count; ++i) {
        step.keys.push_back(Value(*node->children[i]));
      }
    } else if (node->kind == NodeKind::kLeafList) {
      step.keys.push_back(Value(*node));
    }
    path.push_back(std::move(step));
    if (node->kind != NodeKind::kContainer && Below(4) == 0) break;
  }
  return path;
}

Edit RandomEdits::Next() {
  Edit edit;
  edit.path = RandomPath();
  const std::size_t draw = Below(10);
  if (draw == 0 && Below(3) == 0) edit.path.resize(1 + Below(edit.path.size()));
  PathStep& last = edit.path.back();
  const bool is_list = !last.keys.empty();
  if (is_list && last.node->order == ListOrder::kUser) {
    After after;
    if (Below(4) != 0) {
      for (std::size_t i = 0; i < last.keys.size(); ++i) {
        after.push_back(Value(last.node->is_list() ? *last.node->children[i] : *last.node));
      }
    }
    if (draw < 6) edit.after = std::move(after);
    if (draw < 4) edit.op = EditOp::kMove;
  }
  if (edit.op != EditOp::kMove && draw > 6) edit.op = EditOp::kDelete;
  if (edit.op == EditOp::kDelete) {
    edit.after.reset();
    if (is_list && Below(20) == 0) last.keys.clear();
  }
  if (edit.op == EditOp::kSet && last.node->is_leaf()) edit.value = Value(*last.node);
  return edit;
}

Tree RandomEdits::Walk(Tree tree, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    absl::StatusOr<Tree> next = tree.Apply(std::vector<Edit>{Next()});
    if (next.ok()) tree = *std::move(next);
  }
  return tree;
}

}  // namespace configsync
