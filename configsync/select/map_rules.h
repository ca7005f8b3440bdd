// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The rules of a sync map, bound to a schema: which one decides on a place.
//
// A rule speaks of the node that its location names and of all below. The most specific one
// decides, as MapRule says: since more steps come first, it is one of those that end at the place
// itself, or else of those that end one step above, and so on.
//
// Threads: immutable.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "configsync/schema/path.h"
#include "configsync/select/location.h"
#include "configsync/select/selection.h"

namespace configsync {

class MapRules {
 public:
  // Rules that do not parse, or name nothing, never decide. Cost: O(rules · nodes of the schema).
  MapRules(const std::vector<MapRule>& rules, const SchemaNode& root);

  // Null: no rule speaks of it. Cost: O(steps · rules that leave keys open), not O(rules).
  [[nodiscard]] const MapRule* Decide(const Path& path) const;
  // Steps of the rule that decides; of a rule that Decide returned.
  [[nodiscard]] std::size_t StepsOf(const MapRule& rule) const;
  // Whether a rule speaks of something strictly below `path`, or of single entries of the list
  // that `path` names without keys.
  [[nodiscard]] bool SpeaksBelow(const Path& path) const;
  // Whether all instances of `node`, with everything below, are included, whatever their keys.
  [[nodiscard]] bool IncludesAll(const SchemaNode& node) const;

 private:
  struct Bound {
    const MapRule* rule = nullptr;  // Of rules_.
    Location location;
    std::size_t named_steps = 0;
    std::size_t named_keys = 0;
  };
  // Rules, by their index; those that name all keys of the innermost list are found by them.
  struct RuleSet {
    std::vector<std::uint32_t> others;
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_keys;
    [[nodiscard]] bool empty() const { return others.empty() && by_keys.empty(); }
  };

  std::vector<std::uint32_t> Bind(const SchemaNode& node, std::size_t depth, std::size_t list_depth,
                                  const std::vector<std::uint32_t>& candidates);
  void Put(RuleSet& set, std::uint32_t rule, const SchemaNode& node, std::size_t list_depth) const;
  [[nodiscard]] bool KeysMatch(const Bound& bound, const Path& path, std::size_t steps) const;
  template <typename Visit>
  bool AnyOf(const RuleSet& set, const Path& path, std::size_t list_depth,
             const Visit& visit) const;

  std::vector<MapRule> rules_;
  std::vector<Bound> bounds_;  // The most specific of equal depth first.
  std::uint32_t first_index_ = 0;
  std::vector<RuleSet> ending_;           // At the node, by its index.
  std::vector<RuleSet> going_below_;      // Through the node.
  std::vector<std::size_t> list_depths_;  // Steps to the innermost list or leaf-list; 0: none.
};

}  // namespace configsync
