// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the selected part of a configuration refers to beside itself (F16), kept up from one
// configuration to the next.
//
// Only references matter that can lead to something that is not selected. They are counted by
// value, so a commit costs what it changes; what they lead to, and what that needs in turn, is
// looked for again only if other values are there or the targets have changed.
//
// Threads: one object, one thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "configsync/select/part_selector.h"
#include "configsync/tree/tree.h"

namespace configsync {

class DependencyFinder {
 public:
  // `base`: the selection without dependencies; `withheld`: categories that nothing brings back.
  // Both outlive it.
  DependencyFinder(const PartSelector& base, const std::vector<std::string>& withheld,
                   const SchemaNode& root);

  // Whether any configuration could have dependencies. Without, there is nothing to ask.
  [[nodiscard]] bool IsNeeded() const { return !interesting_.empty(); }

  // Dependencies (PathText, sorted) of `part`, which is selected of `target`. True: others than the
  // last time.
  bool MoveTo(const Tree& target, const Tree& part);
  [[nodiscard]] const std::vector<std::string>& dependencies() const { return dependencies_; }

 private:
  struct Interest {
    bool is_near = false;    // It or something below refers to what may be missing.
    bool refers = false;     // It is such a reference.
    bool depends = false;    // It has ls:depends of that kind.
    bool is_target = false;  // It is or lies in something that may be missing, or is above it.
  };

  void Prepare(const SchemaNode& node);
  void MarkTarget(const SchemaNode& target);
  [[nodiscard]] bool MayBeMissing(const SchemaNode& target) const;
  [[nodiscard]] bool IsThere(const Path& path) const;
  [[nodiscard]] Interest& Of(const SchemaNode& node) {
    return interests_[node.index - first_index_];
  }
  void Count(const Node& node, int by);
  void Find(const Tree& target);
  void LeaveOutTheCovered(const SchemaNode& root);
  void KeepBounds();

  const PartSelector& base_;
  const std::vector<std::string>& withheld_;
  std::uint32_t first_index_ = 0;
  std::vector<Interest> interests_;
  std::vector<const SchemaNode*> interesting_;
  // Reference and value, or node with ls:depends and its text: how often.
  std::map<std::pair<const SchemaNode*, std::string>, std::uint32_t> counts_;
  bool has_other_values_ = false;
  std::optional<Tree> last_target_;
  std::optional<Tree> last_part_;
  std::vector<std::string> dependencies_;
};

}  // namespace configsync
