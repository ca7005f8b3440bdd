// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who refers to whom, by the schema's leafrefs: which references have no target, who refers to an
// entry, and what a part of a configuration needs beside itself.
//
// A reference is a value of a leaf or leaf-list with targets (SchemaNode::IsReference decides for
// unions); its target is an entry of one of the lists whose key the schema names. The index counts
// both by value, so a commit costs what it changes, not what there is.
//
// Threads: one object, one thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "configsync/schema/path.h"
#include "configsync/schema/problem.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

class ReferenceIndex {
 public:
  // Cost: O(references + targets) of the whole tree.
  explicit ReferenceIndex(const Tree& tree);

  // The index of `tree` from now on. Cost: O(changes · log n).
  void MoveTo(const Tree& tree);

  // Adds a problem for each reference without target. Cost: O(1) if there is none, else O(tree).
  void Check(Problems& problems) const;

  [[nodiscard]] const Tree& tree() const { return tree_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Counts = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
  // What a node of the schema is to references, by its index.
  struct Interest {
    bool is_near = false;                      // It or something below refers or is a target.
    Counts* target = nullptr;                  // Of a target: how often each value is there.
    Counts* reference = nullptr;               // Of a reference: the same.
    std::vector<const SchemaNode*> referrers;  // Of a target.
  };

  void Prepare(const SchemaNode& node);
  void Count(const Node& node, int by);
  void CountEntries(const Node& list, int by);
  void CountLeaf(const Node& leaf, int by);
  void Judge(const SchemaNode& reference, std::string_view value);
  Interest& Of(const SchemaNode& node) { return interests_[node.index - first_index_]; }
  const Interest& Of(const SchemaNode& node) const { return interests_[node.index - first_index_]; }
  void VisitMissing(const Node& node, Path& path, Problems& problems) const;

  Tree tree_;
  std::uint32_t first_index_ = 0;
  std::vector<Interest> interests_;
  std::vector<std::unique_ptr<Counts>> counts_;
  bool is_built_ = false;                                    // Until then nothing is judged.
  std::set<std::pair<std::uint32_t, std::string>> missing_;  // Index of the reference, value.
};

// Paths of all references to the entry at `path`. Cost: O(tree).
[[nodiscard]] std::vector<Path> ReferrersOf(const Tree& tree, const Path& path);

// Something that is needed, and the path that asks for it.
struct Dependency {
  Path path;
  Path because;
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

// Paths of the entries that a reference with this value names. Cost: O(targets · log n).
[[nodiscard]] std::vector<Path> TargetsOf(const Tree& tree, const SchemaNode& reference,
                                          std::string_view value);

// Path of what `ls:depends` names; empty: the schema has no such node. Of a list, or of something
// in one, it is the list.
[[nodiscard]] Path PathOfDependency(const SchemaNode& root, std::string_view text);

// What a closure looks at. Both may be null.
struct ClosureLimits {
  // Whether what a node refers to counts; it is not asked of containers and entries.
  std::function<bool(const SchemaNode& node, const Path& path)> counts;
  // Whether an entry or container needs nothing: it is there anyway, or cannot be had.
  std::function<bool(const Path& path)> is_there;
};

// All that what is at and below `paths` refers to or depends on (`ls:depends`), and what that needs
// in turn, without `paths` themselves. An entry stands for all of itself. What is missing in the
// tree is left out. Cost: O(what is visited · log n).
[[nodiscard]] std::vector<Dependency> Closure(const Tree& tree, std::span<const Path> paths,
                                              const ClosureLimits& limits = {});

}  // namespace configsync
