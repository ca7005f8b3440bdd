// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A configuration: an immutable tree. A change makes another tree that shares all it did not touch.
//
// Threads: immutable values; copying one costs a reference count.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/schema/path.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/node.h"

namespace configsync {

class Tree {
 public:
  // An empty configuration. `root` outlives every tree made from this one.
  Tree(const SchemaNode& root, const SecretKey& secret_key);

  [[nodiscard]] const Node& root() const { return *root_; }
  [[nodiscard]] const NodePtr& root_ptr() const { return root_; }
  [[nodiscard]] const SchemaNode& schema() const { return root_->schema(); }  // The root's.
  [[nodiscard]] const Hash& hash() const { return root_->hash(); }
  [[nodiscard]] const SecretKey& secret_key() const { return *secret_key_; }
  // Another tree of the same schema and key; null: an empty one. REQUIRES: `root` was made for
  // them.
  [[nodiscard]] Tree WithRoot(NodePtr root) const;
  // The node at `path`; null: not there. An empty path is the root.
  [[nodiscard]] const Node* Find(const Path& path) const;

  // All edits, in order, or none. Errors: kNotFound (a deleted or moved path, or an anchor, is not
  // there), kResourceExhausted (a list has kListEntriesMax entries, or names chosen so that its
  // treap is a chain: sequence.h), kInvalidArgument (a key is changed, a container gets a value,
  // …), with the path. Values are not judged: schema/ does that.
  // Cost: O(log n) a touched node; a whole import is one batch and O(n log n).
  [[nodiscard]] absl::StatusOr<Tree> Apply(std::span<const Edit> edits) const;

  friend bool operator==(const Tree& a, const Tree& b) { return a.hash() == b.hash(); }

 private:
  explicit Tree(NodePtr root, std::shared_ptr<const SecretKey> key);
  NodePtr root_;
  std::shared_ptr<const SecretKey> secret_key_;
};

// What turns `a` into `b`, in document order; in a user-ordered list what is removed comes first,
// then the rest as `b` has it. Moves are as few as can be. Empty if and only if the hashes are
// equal. REQUIRES: both have the same schema. Cost: O(changes · log n), and O(k log k) for a
// user-ordered list of which k entries were moved over, unless one entry moved. Changes of several
// entries of one such list cost a walk over its order, O(n), to be sorted.
[[nodiscard]] std::vector<Change> Diff(const Tree& a, const Tree& b);

// The same as edits: a.Apply(EditsOf(Diff(a, b))) equals b.
[[nodiscard]] std::vector<Edit> EditsOf(std::span<const Change> changes);

}  // namespace configsync
