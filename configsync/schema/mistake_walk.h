// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The walk over a configuration that looks for nodes that must be there, numbers of elements and
// values that must differ. Inside schema/ only.
//
// Threads: one object, one thread.

#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "configsync/schema/path.h"
#include "configsync/schema/problem.h"
#include "configsync/tree/tree.h"

namespace configsync {

class MistakeWalk {
 public:
  explicit MistakeWalk(Problems& problems) : problems_(problems) {}

  // A container or entry and all below; null: a container without presence that is not there, but
  // whose mandatory nodes are missing all the same.
  void Visit(const SchemaNode& schema, const Node* node) { VisitNode(schema, node, true); }

  // The same without what is below the children that are there.
  void VisitFlat(const SchemaNode& schema, const Node* node) { VisitNode(schema, node, false); }

  // What is at `node`, whatever its role, and all below.
  void VisitBelow(const Node& node);

  // Goes to the parent of the place of `path` in `tree`, where the visits then begin: what they
  // find has its place below it. REQUIRES: nothing is being visited.
  void Enter(const Tree& tree, const Path& path);

 private:
  struct Step {
    const SchemaNode* schema;
    const Node* node;
  };

  void VisitNode(const SchemaNode& schema, const Node* node, bool deep);
  void VisitChild(const SchemaNode& schema, const Node* node, bool deep);
  bool NeedsSomething(const SchemaNode& container);
  void CheckCount(const SchemaNode& schema, std::size_t count);
  void CheckUnique(const SchemaNode& list, const Node& node,
                   const std::vector<const SchemaNode*>& leaves);
  [[nodiscard]] Path PathHere() const;
  [[nodiscard]] std::string PathOf(const SchemaNode& child) const;

  Problems& problems_;
  std::vector<Step> steps_;  // From the root to what is visited.
  std::unordered_map<const SchemaNode*, bool> needs_;
};

// The values of an entry that are unique together, with their defaults: one text that differs if
// any of them does, not to be shown. False: it lacks one, and then nothing is asked of the others
// (RFC 7950, 7.8.3).
bool UniqueValues(const Node& entry, const std::vector<const SchemaNode*>& leaves,
                  std::string& values);

}  // namespace configsync
