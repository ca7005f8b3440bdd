// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "bench/config_load.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace bench {

using configsync::After;
using configsync::Edit;
using configsync::EditOp;
using configsync::LeafType;
using configsync::ListOrder;
using configsync::NodeKind;
using configsync::PathStep;
using configsync::SchemaNode;
using configsync::SyncClass;
using configsync::Tree;

namespace {

constexpr std::size_t kZones = 40;
constexpr std::size_t kAddresses = 5'000;

std::string ZoneName(std::size_t i) { return "zone-" + std::to_string(i % kZones); }
std::string AddressName(std::size_t i) { return "address-" + std::to_string(i % kAddresses); }
std::string RuleName(std::size_t i) { return "rule-" + std::to_string(i); }

}  // namespace

ConfigLoad::ConfigLoad() {
  SchemaNode& root = nodes_.emplace_back();
  root.path = "/";
  root.sync.fill(SyncClass::kShared);
  SchemaNode& zones = Add(&root, NodeKind::kContainer, "zones");
  SchemaNode& zone = Add(&zones, NodeKind::kList, "zone");
  SchemaNode& objects = Add(&root, NodeKind::kContainer, "objects");
  SchemaNode& address = Add(&objects, NodeKind::kList, "address");
  SchemaNode& policy = Add(&root, NodeKind::kContainer, "policy");
  SchemaNode& rule = Add(&policy, NodeKind::kList, "rule");
  rule.order = ListOrder::kUser;
  for (SchemaNode* list : {&zone, &address, &rule}) {
    list->key_count = 1;
    Add(list, NodeKind::kLeaf, "name").is_key = true;
  }
  Add(&address, NodeKind::kLeaf, "prefix");
  Add(&rule, NodeKind::kLeaf, "id").type = LeafType::kInteger;
  for (const char* name : {"from-zone", "to-zone"}) {
    SchemaNode& leaf = Add(&rule, NodeKind::kLeaf, name);
    leaf.type = LeafType::kLeafref;
    leaf.leafref_target = zone.children[0];
    leaf.leafref_targets = {zone.children[0]};
  }
  SchemaNode& source = Add(&rule, NodeKind::kLeafList, "source");
  source.type = LeafType::kUnion;
  source.leafref_target = address.children[0];
  source.leafref_targets = {address.children[0]};
  Add(&rule, NodeKind::kLeaf, "action");
  Add(&rule, NodeKind::kLeaf, "note").sync.fill(SyncClass::kUnique);
  policy_ = &policy;
  rule_ = &rule;
  zone_ = &zone;
  address_ = &address;
}

SchemaNode& ConfigLoad::Add(SchemaNode* parent, NodeKind kind, const char* name) {
  SchemaNode& node = nodes_.emplace_back();
  node.kind = kind;
  node.index = static_cast<std::uint32_t>(nodes_.size() - 1);
  node.name = name;
  node.module = "bench";
  node.path = (parent->parent == nullptr ? "" : parent->path) + "/" + name;
  node.parent = parent;
  node.sync = parent->sync;
  parent->children.push_back(&node);
  return node;
}

PathStep ConfigLoad::Rule(std::size_t i) const { return {rule_, {RuleName(i)}}; }

Edit ConfigLoad::SetOfRule(std::size_t i, const SchemaNode& leaf, std::string value) const {
  Edit edit{EditOp::kSet, {{policy_, {}}, Rule(i), {&leaf, {}}}, "", std::nullopt};
  if (leaf.kind == NodeKind::kLeafList) {
    edit.path.back().keys = {std::move(value)};
  } else {
    edit.value = std::move(value);
  }
  return edit;
}

std::vector<Edit> ConfigLoad::EditsOfRules(std::size_t rule_count) const {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < kZones; ++i) {
    edits.push_back({EditOp::kSet, {{zone_->parent, {}}, {zone_, {ZoneName(i)}}}, "", {}});
  }
  for (std::size_t i = 0; i < kAddresses; ++i) {
    edits.push_back(
        {EditOp::kSet,
         {{address_->parent, {}}, {address_, {AddressName(i)}}, {address_->Child("prefix"), {}}},
         "10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250) + "/32",
         {}});
  }
  for (std::size_t i = 0; i < rule_count; ++i) {
    edits.push_back(SetOfRule(i, *rule_->Child("id"), std::to_string(i + 1)));
    edits.push_back(SetOfRule(i, *rule_->Child("from-zone"), ZoneName(i)));
    edits.push_back(SetOfRule(i, *rule_->Child("to-zone"), ZoneName(i + 7)));
    edits.push_back(SetOfRule(i, *rule_->Child("source"), AddressName(i)));
    edits.push_back(SetOfRule(i, *rule_->Child("action"), i % 3 == 0 ? "deny" : "permit"));
    edits.push_back(SetOfRule(i, *rule_->Child("note"), "ticket " + std::to_string(i)));
  }
  return edits;
}

Tree ConfigLoad::Make(std::size_t rule_count) const {
  const absl::StatusOr<Tree> tree =
      Tree(root(), configsync::SecretKey{}).Apply(EditsOfRules(rule_count));
  if (!tree.ok()) {
    std::fprintf(stderr, "%s\n", tree.status().ToString().c_str());
    std::abort();
  }
  return *tree;
}

Edit ConfigLoad::ChangeOfARule(std::size_t rule_count) {
  return SetOfRule(random_() % rule_count, *rule_->Child("to-zone"), ZoneName(random_()));
}

Edit ConfigLoad::NewRule(std::size_t rule_count) {
  return {EditOp::kSet,
          {{policy_, {}}, {rule_, {"new-" + std::to_string(new_rules_++)}}},
          "",
          After{RuleName(random_() % rule_count)}};
}

Edit ConfigLoad::MoveOfARule(std::size_t rule_count) {
  const std::size_t i = random_() % rule_count;
  return {EditOp::kMove,
          {{policy_, {}}, Rule(i)},
          "",
          After{RuleName((i + 1 + random_() % (rule_count - 1)) % rule_count)}};
}

}  // namespace bench
