// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/tree.h"

#include <utility>

#include "configsync/tree/apply.h"
#include "configsync/tree/find.h"
#include "configsync/tree/node_maker.h"

namespace configsync {

Tree::Tree(const SchemaNode& root, const SecretKey& secret_key)
    : root_(NodeMaker::MakeBranch(NodeRole::kContainer, root, {})),
      secret_key_(std::make_shared<const SecretKey>(secret_key)) {
  NodeMaker::Settle(root_, *secret_key_);
}

Tree::Tree(NodePtr root, std::shared_ptr<const SecretKey> key)
    : root_(std::move(root)), secret_key_(std::move(key)) {}

Tree Tree::WithRoot(NodePtr root) const {
  if (!root) root = NodeMaker::MakeBranch(NodeRole::kContainer, schema(), {});
  NodeMaker::Settle(root, *secret_key_);
  return Tree(std::move(root), secret_key_);
}

const Node* Tree::Find(const Path& path) const { return FindNode(*root_, path); }

absl::StatusOr<Tree> Tree::Apply(std::span<const Edit> edits) const {
  Applier applier(root_, edits.size());
  for (const Edit& edit : edits) {
    if (absl::Status status = applier.Do(edit); !status.ok()) return status;
  }
  NodePtr root = applier.TakeRoot();
  const SchemaNode* too_deep = NodeMaker::Settle(root, *secret_key_);
  if (too_deep != nullptr) return TooDeep(*too_deep);
  return Tree(std::move(root), secret_key_);
}

}  // namespace configsync
