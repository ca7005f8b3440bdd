// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Changes of a configuration: as an operator makes them (Edit), and as a difference shows them
// (Change).
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "configsync/schema/path.h"
#include "configsync/tree/node.h"

namespace configsync {

enum class EditOp : std::uint8_t {
  kSet,  // Makes the path exist: a leaf gets `value`; an entry, a leaf-list's value or a presence
         // container is made. What is on the way there is made too.
  kDelete,  // The path and everything below. It is an error if it does not exist.
  kMove,    // An entry or value of a user-ordered list goes behind `after`.
};

// Place in a user-ordered list: behind the entry with these keys; no keys: at the front.
using After = std::vector<std::string>;

struct Edit {
  EditOp op = EditOp::kSet;
  Path path;
  std::string value;           // Canonical; of leaves.
  std::optional<After> after;  // kMove; and kSet of a new entry, which without it goes to the end.
  friend bool operator==(const Edit&, const Edit&) = default;
};

enum class ChangeKind : std::uint8_t { kAdded, kRemoved, kModified, kMoved };

// One line of a difference. Added and removed subtrees are one change, at their topmost node.
struct Change {
  ChangeKind kind = ChangeKind::kAdded;
  Path path;
  NodePtr before;              // Null if added.
  NodePtr after_node;          // Null if removed.
  std::optional<After> after;  // Of kMoved, and of an entry added to a user-ordered list.
};

}  // namespace configsync
