// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/floating.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace configsync {
namespace {

constexpr std::string_view kLocalAddress = "local-address";

bool IsObjectList(const ClassTables& classes, const SchemaNode& node) {
  if (!node.is_list() || !classes.AsksForFloating(node)) return false;
  for (const SchemaNode* at = node.parent; at != nullptr; at = at->parent) {
    if (at->is_list() && classes.AsksForFloating(*at)) return false;
  }
  return true;
}

// The list of objects that a reference leads to; null: none.
const SchemaNode* ObjectsReferred(const ClassTables& classes, const SchemaNode& leaf) {
  for (const SchemaNode* target : leaf.leafref_targets) {
    if (target->is_key && IsObjectList(classes, *target->parent)) return target->parent;
  }
  return nullptr;
}

// The whole list, which stands in containers only.
Path PathOfList(const SchemaNode& list) {
  Path path;
  for (const SchemaNode* at = &list; at->parent != nullptr; at = at->parent) {
    path.insert(path.begin(), {at, {}});
  }
  return path;
}

class Finder {
 public:
  Finder(const Tree& tree, const ClassTables& classes, const std::vector<std::string>& addresses,
         const std::function<bool(const Path&)>& goes)
      : tree_(tree), classes_(classes), addresses_(addresses), goes_(goes) {}

  void Visit(const Node& node, Path& path) {
    for (const NodePtr& child : node.children()) {
      const SchemaNode& schema = child->schema();
      if (schema.is_leaf() || schema.kind == NodeKind::kLeafList) continue;
      path.push_back({&schema, {}});
      if (IsObjectList(classes_, schema)) {
        VisitObjects(*child, path);
      } else if (schema.is_list()) {
        VisitEntries(*child, path);
      } else {
        Visit(*child, path);
      }
      path.pop_back();
    }
  }

  ObjectSet found;

 private:
  static void SetKeys(const Node& entry, Path& path) {
    path.back().keys.clear();
    for (std::size_t i = 0; i < entry.key_count(); ++i) {
      path.back().keys.emplace_back(entry.key(i));
    }
  }

  // Only lists with objects somewhere below are worth it.
  void VisitEntries(const Node& list, Path& path) {
    if (!HasObjectsBelow(list.schema())) return;
    list.VisitEntries([&](const Node& entry) {
      SetKeys(entry, path);
      Visit(entry, path);
      return true;
    });
    path.back().keys.clear();
  }

  [[nodiscard]] bool HasObjectsBelow(const SchemaNode& node) const {
    return std::ranges::any_of(node.children, [&](const SchemaNode* child) {
      return classes_.AsksForFloating(*child) || HasObjectsBelow(*child);
    });
  }

  void VisitObjects(const Node& list, Path& path) {
    list.VisitEntries([&](const Node& entry) {
      SetKeys(entry, path);
      if (IsFloating(entry)) found.insert(PathText(path));
      return true;
    });
    path.back().keys.clear();
  }

  [[nodiscard]] bool HasFloatingAddress(const Node& entry) const {
    return std::ranges::any_of(entry.children(), [&](const NodePtr& leaf) {
      return leaf->role() == NodeRole::kLeaf && leaf->schema().name == kLocalAddress &&
             std::ranges::binary_search(addresses_, std::string(leaf->value()));
    });
  }

  [[nodiscard]] bool IsFloating(const Node& entry) const {
    if (entry.schema().Child(kLocalAddress) != nullptr) return HasFloatingAddress(entry);
    for (const NodePtr& leaf : entry.children()) {
      if (leaf->role() != NodeRole::kLeaf) continue;
      const SchemaNode* list = ObjectsReferred(classes_, leaf->schema());
      if (list == nullptr) continue;
      Path path = PathOfList(*list);
      path.back().keys = {std::string(leaf->value())};
      const Node* object = tree_.Find(path);
      if (object != nullptr && HasFloatingAddress(*object) && goes_(path)) return true;
    }
    return false;
  }

  const Tree& tree_;
  const ClassTables& classes_;
  const std::vector<std::string>& addresses_;
  const std::function<bool(const Path&)>& goes_;
};

}  // namespace

std::vector<std::string> VirtualAddresses(const Tree& tree) {
  std::vector<std::string> addresses;
  const SchemaNode* interfaces = tree.schema().Child("interfaces");
  const SchemaNode* interface = interfaces == nullptr ? nullptr : interfaces->Child("interface");
  const SchemaNode* list = interface == nullptr ? nullptr : interface->Child("virtual-address");
  const SchemaNode* leaf = list == nullptr ? nullptr : list->Child("address");
  if (leaf == nullptr) return addresses;
  const Node* entries = tree.Find({{interfaces, {}}, {interface, {}}});
  if (entries == nullptr) return addresses;
  entries->VisitEntries([&](const Node& entry) {
    const Node* virtual_addresses = entry.Child(*list);
    if (virtual_addresses == nullptr) return true;
    virtual_addresses->VisitEntries([&](const Node& virtual_address) {
      const Node* address = virtual_address.Child(*leaf);
      if (address != nullptr) addresses.emplace_back(address->value());
      return true;
    });
    return true;
  });
  std::ranges::sort(addresses);
  const auto first = std::unique(addresses.begin(), addresses.end());
  addresses.erase(first, addresses.end());
  return addresses;
}

std::size_t ObjectSteps(const ClassTables& classes, const Path& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!path[i].keys.empty() && path[i].node->is_list() &&
        classes.AsksForFloating(*path[i].node)) {
      return i + 1;
    }
  }
  return 0;
}

bool TellsAddress(const ClassTables& classes, const SchemaNode& leaf) {
  if (!leaf.is_leaf() || leaf.parent == nullptr || !IsObjectList(classes, *leaf.parent)) {
    return false;
  }
  return leaf.name == kLocalAddress || ObjectsReferred(classes, leaf) != nullptr;
}

ObjectSet FloatingObjects(const Tree& tree, const ClassTables& classes,
                          const std::vector<std::string>& addresses,
                          const std::function<bool(const Path&)>& goes) {
  if (!classes.HasFloating() || addresses.empty()) return {};
  Finder finder(tree, classes, addresses, goes);
  Path path;
  finder.Visit(tree.root(), path);
  return std::move(finder.found);
}

}  // namespace configsync
