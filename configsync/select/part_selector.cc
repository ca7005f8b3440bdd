// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/part_selector.h"

#include <utility>

namespace configsync {

PartSelector::PartSelector(const SelectionSpec& spec, const SchemaNode& root)
    : floating_addresses_(spec.floating_addresses),
      classes_(root, {.mode = spec.mode,
                      .virtual_router_sync = spec.virtual_router_sync,
                      .qos_sync = spec.qos_sync,
                      .categories = spec.categories,
                      .all_categories = false}) {
  if (spec.has_map) rules_.emplace(spec.rules, root);
  for (const std::string& text : spec.dependencies) {
    Path path = PathOfText(text, root);
    // An object is whole, or its address might be missing that says whether it travels.
    if (const std::size_t steps = ObjectSteps(classes_, path); steps > 0) path.resize(steps);
    if (!path.empty()) dependencies_.Insert(path);
  }
}

Floating PartSelector::FloatingAt(const SchemaNode& node, const Path& path) const {
  if (!classes_.HasFloating()) return Floating::kDoesNotHold;
  const std::size_t steps = ObjectSteps(classes_, path);
  if (steps == 0) return node.has_children() ? Floating::kEither : Floating::kDoesNotHold;
  const Path object(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(steps));
  return floating_.contains(PathText(object)) ? Floating::kHolds : Floating::kDoesNotHold;
}

Keep PartSelector::operator()(const SchemaNode& node, const Path& path) const {
  const bool is_entry = !path.empty() && !path.back().keys.empty();
  const Floating floating = FloatingAt(node, path);
  if (dependencies_.empty()) return ByMap(node, path, is_entry, floating);
  const PlaceSet::Look look = dependencies_.At(path);
  if (look.covered_by != nullptr) {
    return classes_.Answer(node, is_entry, floating, &look.covered_by->category);
  }
  const Keep keep = ByMap(node, path, is_entry, floating);
  return keep == Keep::kNothing && look.has_below ? Keep::kInside : keep;
}

Keep PartSelector::ByMap(const SchemaNode& node, const Path& path, bool is_entry,
                         Floating floating) const {
  const Keep by_class = classes_.Answer(node, is_entry, floating, nullptr);
  if (!rules_ || by_class == Keep::kNothing) return by_class;
  const MapRule* rule = rules_->Decide(path);
  const bool is_in = rule != nullptr && rule->include;
  const bool is_leaf = !node.has_children();
  if (!rules_->SpeaksBelow(path)) {
    if (is_in) return by_class;
    return is_leaf && by_class == Keep::kWhole && GoesBeside(node, path, rule) ? Keep::kBeside
                                                                               : Keep::kNothing;
  }
  const bool is_thing = is_entry || node.kind == NodeKind::kPresenceContainer;
  return is_in && is_thing && by_class != Keep::kInside ? Keep::kItself : Keep::kInside;
}

// What an entry cannot be without goes with whatever of it goes, so that the peer can make it;
// unless a rule names just this. What tells the address of an object goes even then.
bool PartSelector::GoesBeside(const SchemaNode& node, const Path& path, const MapRule* rule) const {
  if (TellsAddress(classes_, node)) return true;
  if (!node.mandatory && node.min_elements == 0) return false;
  return rule == nullptr || rules_->StepsOf(*rule) < path.size();
}

bool PartSelector::LookAt(const Tree& tree, bool all_go) {
  const std::function<bool(const Path&)> goes = [&](const Path& path) {
    if (all_go || dependencies_.At(path).covered_by != nullptr) return true;
    const Keep keep = ByMap(*path.back().node, path, true, Floating::kHolds);
    return keep == Keep::kWhole || keep == Keep::kItself;
  };
  ObjectSet objects = FloatingObjects(tree, classes_, floating_addresses_, goes);
  if (objects == floating_) return false;
  floating_ = std::move(objects);
  return true;
}

bool PartSelector::HasAll(const Path& path) const {
  const SchemaNode& node = *path.back().node;
  if (!classes_.MayTravel(node)) return true;
  if (FloatingAt(node, path) == Floating::kDoesNotHold && classes_.AsksForFloating(node)) {
    return true;
  }
  if (!classes_.IsOn(node.category)) return false;
  if (!rules_) return true;
  const MapRule* rule = rules_->Decide(path);
  return rule != nullptr && rule->include && !rules_->SpeaksBelow(path);
}

bool PartSelector::HasAllOf(const SchemaNode& node) const {
  if (!classes_.MayTravel(node)) return true;
  return classes_.IsOn(node.category) && (!rules_ || rules_->IncludesAll(node));
}

}  // namespace configsync
