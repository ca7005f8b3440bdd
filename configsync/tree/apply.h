// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A batch of edits at work on a copy of a tree. For tree.cc alone.
//
// Threads: one object, one thread.

#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/node_maker.h"

namespace configsync {

class Applier {
 public:
  // `edit_count`: how many are to come; many make the order of a long list be worked on apart.
  Applier(NodePtr root, std::size_t edit_count);

  // After an error the copy is worth nothing.
  [[nodiscard]] absl::Status Do(const Edit& edit);
  [[nodiscard]] NodePtr TakeRoot() { return std::move(root_); }

 private:
  absl::Status CheckPath(const Edit& edit) const;
  absl::Status Set(const Edit& edit);
  absl::Status SetLeaf(const Edit& edit, NodePtr& parent, const SchemaNode& leaf);
  absl::Status Delete(const Edit& edit);
  absl::Status Move(const Edit& edit);

  // The entry, owned; made if it is not there.
  absl::Status OwnOrMakeEntry(const Edit& edit, const PathStep& step, NodePtr& list,
                              NodePtr*& entry);
  absl::Status PlaceNew(const Edit& edit, const SchemaNode& schema, ListBody& body,
                        const EntryId& id, bool is_last);
  absl::Status IdOfAnchor(const Edit& edit, const SchemaNode& schema, const ListBody& body,
                          std::optional<EntryId>& anchor) const;
  void InsertInOrder(ListBody& body, const std::optional<EntryId>& anchor, const EntryId& id);
  void EraseFromOrder(ListBody& body, const EntryId& id, std::size_t& deeper);
  void OpenEditor(ListBody& body) const;

  NodePtr root_;
  bool is_batch_;
};

}  // namespace configsync
