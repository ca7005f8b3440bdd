// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/tree/test_schema.h"

#include <cstdio>
#include <cstdlib>

namespace configsync {

namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "test schema: %s\n", what.c_str());
  std::abort();
}

}  // namespace

TestSchema::TestSchema(std::uint32_t first_index) : next_index_(first_index) {
  SchemaNode& root = nodes_.emplace_back();
  root.path = "/";
  root.sync = {SyncClass::kShared, SyncClass::kShared};
  SchemaNode& system = Add(&root, NodeKind::kContainer, "system");
  AddLeaf(system, "host-name").sync = {SyncClass::kUnique, SyncClass::kUnique};
  AddLeaf(system, "password").secret = true;
  SchemaNode& timeouts = Add(&system, NodeKind::kContainer, "timeouts");
  AddLeaf(timeouts, "tcp-syn", LeafType::kInteger);
  AddLeaf(timeouts, "tcp-closing", LeafType::kInteger);
  AddObjects(root);
  AddPolicy(root);
  AddNetwork(root);
}

void TestSchema::AddObjects(SchemaNode& root) {
  SchemaNode& zones = Add(&root, NodeKind::kContainer, "zones");
  SchemaNode& zone = AddList(zones, "zone", ListOrder::kSystem, {"name"});
  AddLeaf(zone, "id", LeafType::kInteger);
  AddLeaf(zone, "description");
  SchemaNode& objects = Add(&root, NodeKind::kContainer, "objects");
  SchemaNode& address = AddList(objects, "address", ListOrder::kSystem, {"name"});
  AddLeaf(address, "prefix");
  SchemaNode& group = AddList(objects, "address-group", ListOrder::kSystem, {"name"});
  SchemaNode& member = AddLeafList(group, "member", ListOrder::kSystem);
  member.type = LeafType::kLeafref;
  member.leafref_targets = {address.children[0], group.children[0]};
  member.leafref_target = member.leafref_targets[0];
  SchemaNode& nat = Add(&root, NodeKind::kContainer, "nat");
  SchemaNode& pool = AddList(nat, "pool", ListOrder::kSystem, {"name"});
  AddLeaf(pool, "port-min", LeafType::kInteger);
}

void TestSchema::AddPolicy(SchemaNode& root) {
  SchemaNode& policy = Add(&root, NodeKind::kContainer, "policy");
  SchemaNode& rule = AddList(policy, "rule", ListOrder::kUser, {"name"});
  AddLeaf(rule, "id", LeafType::kInteger);
  for (const std::string_view name : {"from-zone", "to-zone"}) {
    SchemaNode& zone = AddLeaf(rule, name, LeafType::kLeafref);
    zone.leafref_target = &At("/zones/zone/name");
    zone.leafref_targets = {zone.leafref_target};
  }
  SchemaNode& source = AddLeafList(rule, "source", ListOrder::kSystem);
  source.type = LeafType::kUnion;
  source.leafref_targets = {&At("/objects/address/name"), &At("/objects/address-group/name")};
  source.leafref_target = source.leafref_targets[0];
  AddLeafList(rule, "protocol", ListOrder::kUser);
  AddLeaf(rule, "action", LeafType::kEnumeration);
  SchemaNode& pool = AddLeaf(rule, "source-nat", LeafType::kLeafref);
  pool.leafref_target = &At("/nat/pool/name");
  pool.leafref_targets = {pool.leafref_target};
  SchemaNode& hold = Add(&rule, NodeKind::kPresenceContainer, "commit-before-forward");
  AddLeaf(hold, "deadline-us", LeafType::kInteger);
  SchemaNode& note = AddLeaf(rule, "note");
  note.sync = {SyncClass::kUnique, SyncClass::kUnique};
}

void TestSchema::AddNetwork(SchemaNode& root) {
  SchemaNode& interfaces = Add(&root, NodeKind::kContainer, "interfaces");
  SchemaNode& interface = AddList(interfaces, "interface", ListOrder::kSystem, {"name"});
  interface.sync = {SyncClass::kPresenceName, SyncClass::kPresenceName};
  const_cast<SchemaNode*>(interface.children[0])->sync = interface.sync;
  AddLeaf(interface, "mtu", LeafType::kInteger);
  AddLeaf(interface, "zone", LeafType::kLeafref).leafref_targets = {&At("/zones/zone/name")};
  Change("/interfaces/interface/zone").leafref_target = &At("/zones/zone/name");
  Change("/interfaces/interface/zone").sync = {SyncClass::kShared, SyncClass::kShared};
  AddList(interface, "unit", ListOrder::kSystem, {"number"});
  Change("/interfaces/interface/unit/number").type = LeafType::kInteger;
  AddLeaf(Change("/interfaces/interface/unit"), "address");
  SchemaNode& routing = Add(&root, NodeKind::kContainer, "routing");
  SchemaNode& route = AddList(routing, "route", ListOrder::kUser, {"prefix", "router"});
  AddLeaf(route, "next-hop");
  SchemaNode& ha = Add(&root, NodeKind::kContainer, "ha");
  SchemaNode& priority = AddLeaf(ha, "priority", LeafType::kInteger);
  priority.sync = {SyncClass::kConditional, SyncClass::kNever};
  priority.condition = {"same-priority", ""};
}

SchemaNode& TestSchema::Add(SchemaNode* parent, NodeKind kind, std::string_view name) {
  SchemaNode& node = nodes_.emplace_back();
  node.kind = kind;
  node.index = ++next_index_;
  node.name = name;
  node.module = parent->parent == nullptr ? "test-" + std::string(name) : parent->module;
  node.path = (parent->parent == nullptr ? "" : parent->path) + "/" + std::string(name);
  node.parent = parent;
  node.sync = parent->sync;
  parent->children.push_back(&node);
  return node;
}

SchemaNode& TestSchema::AddLeaf(SchemaNode& parent, std::string_view name, LeafType type) {
  SchemaNode& leaf = Add(&parent, NodeKind::kLeaf, name);
  leaf.type = type;
  return leaf;
}

SchemaNode& TestSchema::AddLeafList(SchemaNode& parent, std::string_view name, ListOrder order) {
  SchemaNode& list = Add(&parent, NodeKind::kLeafList, name);
  list.order = order;
  return list;
}

SchemaNode& TestSchema::AddList(SchemaNode& parent, std::string_view name, ListOrder order,
                                const std::vector<std::string_view>& keys) {
  SchemaNode& list = Add(&parent, NodeKind::kList, name);
  list.order = order;
  list.key_count = static_cast<std::uint32_t>(keys.size());
  for (const std::string_view key : keys) AddLeaf(list, key).is_key = true;
  return list;
}

const SchemaNode& TestSchema::At(std::string_view path) const {
  for (const SchemaNode& node : nodes_) {
    if (node.path == path) return node;
  }
  Fail("no node " + std::string(path));
}

SchemaNode& TestSchema::Change(std::string_view path) { return const_cast<SchemaNode&>(At(path)); }

Path TestSchema::PathOf(std::string_view text) const {
  Path path;
  const SchemaNode* node = &root();
  while (!text.empty() && text != "/") {
    text.remove_prefix(1);
    const std::string_view name = text.substr(0, text.find_first_of("[/"));
    text.remove_prefix(name.size());
    node = node->Child(name);
    if (node == nullptr) Fail("no child " + std::string(name));
    path.push_back({node, {}});
    if (!text.starts_with('[')) continue;
    std::string_view keys = text.substr(1, text.find(']') - 1);
    text.remove_prefix(keys.size() + 2);
    while (true) {
      const std::size_t comma = keys.find(',');
      path.back().keys.emplace_back(keys.substr(0, comma));
      if (comma == std::string_view::npos) break;
      keys.remove_prefix(comma + 1);
    }
  }
  return path;
}

Edit TestSchema::Set(std::string_view path, std::string_view value) const {
  return {EditOp::kSet, PathOf(path), std::string(value), std::nullopt};
}

Edit TestSchema::SetBehind(std::string_view path, After after) const {
  return {EditOp::kSet, PathOf(path), "", std::move(after)};
}

Edit TestSchema::Delete(std::string_view path) const {
  return {EditOp::kDelete, PathOf(path), "", std::nullopt};
}

Edit TestSchema::Move(std::string_view path, After after) const {
  return {EditOp::kMove, PathOf(path), "", std::move(after)};
}

Tree TestSchema::Empty() const { return Tree(root(), TestKey()); }

Tree TestSchema::Make(const std::vector<Edit>& edits) const { return Applied(Empty(), edits); }

SecretKey TestKey(std::uint8_t byte) {
  SecretKey key;
  key.bytes.fill(byte);
  return key;
}

Tree Applied(const Tree& tree, const std::vector<Edit>& edits) {
  absl::StatusOr<Tree> applied = tree.Apply(edits);
  if (!applied.ok()) Fail(applied.status().ToString());
  return *applied;
}

}  // namespace configsync
