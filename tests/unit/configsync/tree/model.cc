// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/tree/model.h"

#include <algorithm>
#include <span>

namespace configsync {

namespace {

bool IsListKind(const SchemaNode& node) {
  return node.kind == NodeKind::kList || node.kind == NodeKind::kLeafList;
}

auto FindEntry(Model& list, const std::vector<std::string>& keys) {
  return std::find_if(list.entries.begin(), list.entries.end(),
                      [&](const auto& entry) { return entry.keys == keys; });
}

// An index for `after`, -1: there is no such entry.
std::ptrdiff_t PlaceOf(Model& list, const After& after) {
  if (after.empty()) return 0;
  const auto anchor = FindEntry(list, after);
  return anchor == list.entries.end() ? -1 : anchor - list.entries.begin() + 1;
}

bool MakeEntry(Model& list, const PathStep& step, const std::optional<After>& after) {
  std::ptrdiff_t place = static_cast<std::ptrdiff_t>(list.entries.size());
  if (after && step.node->order == ListOrder::kUser) {
    place = PlaceOf(list, *after);
    if (place < 0) return false;
  }
  Model entry;
  if (step.node->is_list()) {
    for (std::size_t i = 0; i < step.keys.size(); ++i) {
      entry.children[step.node->children[i]].value = step.keys[i];
    }
  } else {
    entry.value = step.keys[0];
  }
  list.entries.insert(list.entries.begin() + place, {step.keys, std::move(entry)});
  if (step.node->order == ListOrder::kSystem) {
    std::sort(list.entries.begin(), list.entries.end(),
              [](const auto& a, const auto& b) { return a.keys < b.keys; });
  }
  return true;
}

bool SetAt(Model& model, const Edit& edit, std::size_t i) {
  const PathStep& step = edit.path[i];
  const bool is_last = i + 1 == edit.path.size();
  if (step.node->is_leaf()) {
    if (step.node->is_key) {
      return model.children.contains(step.node) && model.children[step.node].value == edit.value;
    }
    model.children[step.node].value = edit.value;
    return true;
  }
  Model& child = model.children[step.node];
  if (!IsListKind(*step.node)) return is_last || SetAt(child, edit, i + 1);
  if (FindEntry(child, step.keys) == child.entries.end() &&
      !MakeEntry(child, step, is_last ? edit.after : std::nullopt)) {
    return false;
  }
  return is_last || SetAt(FindEntry(child, step.keys)->model, edit, i + 1);
}

bool DeleteAt(Model& model, const Path& path, std::size_t i) {
  const PathStep& step = path[i];
  const bool is_last = i + 1 == path.size();
  const auto found = model.children.find(step.node);
  if (found == model.children.end()) return false;
  Model& child = found->second;
  if (is_last && step.keys.empty()) {
    if (step.node->is_key) return false;
    model.children.erase(found);
    return true;
  }
  if (IsListKind(*step.node)) {
    const auto entry = FindEntry(child, step.keys);
    if (entry == child.entries.end()) return false;
    if (is_last) {
      child.entries.erase(entry);
    } else if (!DeleteAt(entry->model, path, i + 1)) {
      return false;
    }
    if (child.entries.empty()) model.children.erase(found);
    return true;
  }
  if (!DeleteAt(child, path, i + 1)) return false;
  if (step.node->kind == NodeKind::kContainer && child.children.empty()) {
    model.children.erase(found);
  }
  return true;
}

bool Move(Model& model, const Edit& edit) {
  Model* at = &model;
  for (const PathStep& step : edit.path) {
    const auto found = at->children.find(step.node);
    if (found == at->children.end()) return false;
    at = &found->second;
    if (step.keys.empty() || &step == &edit.path.back()) continue;
    const auto entry = FindEntry(*at, step.keys);
    if (entry == at->entries.end()) return false;
    at = &entry->model;
  }
  const std::vector<std::string>& keys = edit.path.back().keys;
  const auto entry = FindEntry(*at, keys);
  if (entry == at->entries.end() || *edit.after == keys || PlaceOf(*at, *edit.after) < 0) {
    return false;
  }
  ModelEntry moved = std::move(*entry);
  at->entries.erase(entry);
  at->entries.insert(at->entries.begin() + PlaceOf(*at, *edit.after), std::move(moved));
  return true;
}

Model ModelOfNode(const Node& node) {
  Model model;
  model.value = node.value();
  for (const NodePtr& child : node.children()) {
    model.children[&child->schema()] = ModelOfNode(*child);
  }
  node.VisitEntries([&](const Node& entry) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < entry.key_count(); ++i) keys.emplace_back(entry.key(i));
    model.entries.push_back({std::move(keys), ModelOfNode(entry)});
    return true;
  });
  if (!model.entries.empty() && node.schema().order == ListOrder::kSystem) {
    std::sort(model.entries.begin(), model.entries.end(),
              [](const auto& a, const auto& b) { return a.keys < b.keys; });
  }
  return model;
}

}  // namespace

bool operator==(const ModelEntry& a, const ModelEntry& b) {
  return a.keys == b.keys && a.model == b.model;
}

bool operator==(const Model& a, const Model& b) {
  return a.value == b.value && a.children == b.children && a.entries == b.entries;
}

bool ApplyToModel(Model& model, const Edit& edit) {
  if (edit.op == EditOp::kSet) return SetAt(model, edit, 0);
  if (edit.op == EditOp::kDelete) return DeleteAt(model, edit.path, 0);
  return Move(model, edit);
}

Model ModelOf(const Tree& tree) { return ModelOfNode(tree.root()); }

}  // namespace configsync
