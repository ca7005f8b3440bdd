// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The part of a configuration that a question lets through, such as what may travel to the peer. It
// shares with the whole everything that is untouched.
//
// Threads: one object, one thread.

#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "configsync/schema/path.h"
#include "configsync/schema/schema_node.h"
#include "configsync/tree/sequence.h"
#include "configsync/tree/tree.h"

namespace configsync {

enum class Keep : std::uint8_t {
  kNothing,
  kWhole,   // With everything below.
  kInside,  // What is below is asked; the node stays if anything below stays.
  kItself,  // The node stays, an entry with its keys; what else is below is asked.
  kBeside,  // Of leaves: it stays if its parent does, but is no reason for that.
};

// Asked for containers, leaves, lists (a path without keys, then for each entry with them), and
// values; never for a kept entry's keys. REQUIRES: the answer depends on the arguments alone.
using Selector = std::function<Keep(const SchemaNode& node, const Path& path)>;

// Projects one configuration after another, and asks only where they differ.
class Projector {
 public:
  explicit Projector(Selector selector) : selector_(std::move(selector)) {}

  // Cost: O(what differs from the last tree · log n); the first time O(what is asked). Of a
  // user-ordered list that is not whole, an entry that comes, goes or moves costs O(n).
  [[nodiscard]] Tree Project(const Tree& tree);
  // Of the last projection. kResourceExhausted: what stays of a list is a treap deeper than
  // kTreapDepthMax, and nothing of that list is in the result.
  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  struct Last {
    const Node* source = nullptr;
    NodePtr result;
  };
  NodePtr Visit(const NodePtr& node, const Last& last);
  NodePtr VisitInside(const NodePtr& node, const Last& last, bool stays);
  NodePtr VisitList(const NodePtr& list, const Last& last);
  NodePtr VisitListAnew(const NodePtr& list);
  NodePtr Finished(const SchemaNode& list, LinkPtr contents, LinkPtr order);

  Selector selector_;
  Path path_;
  NodePtr last_source_;
  NodePtr last_result_;
  absl::Status status_;
};

// What the sync classes let travel in a mode: shared nodes; of a presence-name list the entries
// with their keys; conditional ones while their condition holds. A node that does not travel is
// there if something below does.
class ClassSelector {
 public:
  // `holds` is asked once for each condition: another answer later needs another selector.
  ClassSelector(const SchemaNode& root, Mode mode,
                const std::function<bool(std::string_view condition)>& holds);
  [[nodiscard]] Keep operator()(const SchemaNode& node, const Path& path) const;

 private:
  // Whether all at and below travels, and whether anything.
  struct Below {
    bool all = true;
    bool any = false;
  };
  Below Judge(const SchemaNode& node, Mode mode,
              const std::function<bool(std::string_view)>& holds);

  std::uint32_t first_index_ = 0;
  std::vector<Keep> answers_;        // By index, for everything but entries.
  std::vector<Keep> entry_answers_;  // For entries.
};

}  // namespace configsync
