// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/class_tables.h"

#include <algorithm>
#include <utility>

namespace configsync {
namespace {

std::uint32_t LastIndex(const SchemaNode& node) {
  std::uint32_t last = node.index;
  for (const SchemaNode* child : node.children) last = std::max(last, LastIndex(*child));
  return last;
}

}  // namespace

ClassTables::ClassTables(const SchemaNode& root, Settings settings)
    : root_(&root),
      settings_(std::move(settings)),
      first_index_(root.index),
      count_(LastIndex(root) - root.index + 1),
      may_(count_) {
  std::ranges::sort(settings_.categories);
  Judge(root, {.floating = true, .beside = nullptr, .all_categories = true}, may_);
  std::vector<const SchemaNode*> pending = {&root};
  while (!pending.empty() && !has_floating_) {
    const SchemaNode& node = *pending.back();
    pending.pop_back();
    has_floating_ = AsksForFloating(node);
    pending.insert(pending.end(), node.children.begin(), node.children.end());
  }
}

bool ClassTables::IsOn(const std::string& category) const {
  return settings_.all_categories || std::ranges::binary_search(settings_.categories, category);
}

bool ClassTables::AsksForFloating(const SchemaNode& node) const {
  const auto mode = static_cast<std::size_t>(settings_.mode);
  return node.sync[mode] == SyncClass::kConditional && node.condition[mode] == kFloatingAddress;
}

bool ClassTables::MayTravel(const SchemaNode& node) const {
  return may_[node.index - first_index_].any;
}

// An unknown condition does not hold: what nobody understands stays at home.
bool ClassTables::ClassLets(const SchemaNode& node, bool floating) const {
  const auto mode = static_cast<std::size_t>(settings_.mode);
  if (node.sync[mode] == SyncClass::kShared) return true;
  if (node.sync[mode] != SyncClass::kConditional) return false;
  const std::string& condition = node.condition[mode];
  if (condition == kFloatingAddress) return floating;
  if (condition == kVirtualRouterSync) return settings_.virtual_router_sync;
  return condition == kQosSync && settings_.qos_sync;
}

ClassTables::Flags ClassTables::Judge(const SchemaNode& node, const Question& question,
                                      Table& table) const {
  const auto mode = static_cast<std::size_t>(settings_.mode);
  const bool is_on = question.all_categories || IsOn(node.category) ||
                     (question.beside != nullptr && node.category == *question.beside);
  const bool travels = is_on && ClassLets(node, question.floating);
  Flags flags;
  flags.is_named =
      travels || (is_on && node.sync[mode] == SyncClass::kPresenceName && node.has_children());
  flags.all = travels;
  flags.any = flags.is_named;
  for (const SchemaNode* child : node.children) {
    const Flags of_child = Judge(*child, question, table);
    if (child->is_key) continue;  // It is where its entry is.
    flags.all = flags.all && of_child.all;
    flags.any = flags.any || of_child.any;
  }
  table[node.index - first_index_] = flags;
  return flags;
}

const ClassTables::Pair& ClassTables::PairFor(const std::string* beside) const {
  static const std::string kNone;
  const std::string& name = beside == nullptr || IsOn(*beside) ? kNone : *beside;
  std::unique_ptr<Pair>& pair = pairs_[name];
  if (!pair) {
    pair = std::make_unique<Pair>();
    for (const bool floating : {false, true}) {
      Table& table = pair->by_floating[floating ? 1 : 0];
      table.resize(count_);
      Judge(*root_, {floating, name.empty() ? nullptr : beside, false}, table);
    }
  }
  return *pair;
}

Keep ClassTables::Answer(const SchemaNode& node, bool is_entry, Floating floating,
                         const std::string* beside) const {
  const Pair& pair = PairFor(beside);
  const std::size_t index = node.index - first_index_;
  Flags flags = pair.by_floating[floating == Floating::kHolds ? 1 : 0][index];
  if (floating == Floating::kEither && node.has_children()) {
    flags.any = pair.by_floating[1][index].any;
  }
  if (flags.all) return Keep::kWhole;
  if (!flags.any) return Keep::kNothing;
  const bool is_thing = is_entry || node.kind == NodeKind::kPresenceContainer;
  return flags.is_named && is_thing ? Keep::kItself : Keep::kInside;
}

}  // namespace configsync
