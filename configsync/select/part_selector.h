// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A selection as the question of a Projector: what of a node stays. The class always wins; then
// what others depend on; then category and map together.
//
// Threads: one object, one thread.

#pragma once

#include <memory>
#include <optional>

#include "configsync/select/class_tables.h"
#include "configsync/select/floating.h"
#include "configsync/select/map_rules.h"
#include "configsync/select/place_set.h"
#include "configsync/select/selection.h"
#include "configsync/tree/project.h"

namespace configsync {

class PartSelector {
 public:
  PartSelector(const SelectionSpec& spec, const SchemaNode& root);

  [[nodiscard]] Keep operator()(const SchemaNode& node, const Path& path) const;

  // Which objects have a floating address. True: others than before, and answers may differ.
  // `all_go`: the map does not matter, as dependencies bring what an object refers to.
  bool LookAt(const Tree& tree, bool all_go = false);

  // Whether category and map let all of an entry or container go, and class at least a part of it;
  // also if no dependency could bring it. REQUIRES: not asked of leaves.
  [[nodiscard]] bool HasAll(const Path& path) const;
  // The same for all instances of a node.
  [[nodiscard]] bool HasAllOf(const SchemaNode& node) const;

  [[nodiscard]] const ClassTables& classes() const { return classes_; }
  [[nodiscard]] const MapRules* rules() const { return rules_ ? &*rules_ : nullptr; }
  [[nodiscard]] const PlaceSet& dependencies() const { return dependencies_; }
  // Whether a node that only a floating address lets travel is in or is an object that has one.
  [[nodiscard]] Floating FloatingAt(const SchemaNode& node, const Path& path) const;

 private:
  [[nodiscard]] Keep ByMap(const SchemaNode& node, const Path& path, bool is_entry,
                           Floating floating) const;
  [[nodiscard]] bool GoesBeside(const SchemaNode& node, const Path& path,
                                const MapRule* rule) const;

  std::vector<std::string> floating_addresses_;
  ClassTables classes_;
  std::optional<MapRules> rules_;  // None: no map.
  PlaceSet dependencies_;
  ObjectSet floating_;
};

}  // namespace configsync
