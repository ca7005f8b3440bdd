// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/pair/content.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "configsync/schema/auto_ids.h"
#include "configsync/tree/references.h"

namespace configsync {
namespace {

struct Places {
  std::string_view first, second;
};

Places PlacesOf(std::string_view category) {
  if (category == "objects") {
    return {"objects address stamp description", "objects service stamp description"};
  }
  if (category == "firewall") {
    return {"policy rule stamp-a description", "policy rule stamp-b description"};
  }
  return {"zones zone stamp-a description", "zones zone stamp-b description"};
}

[[noreturn]] void Fail(std::string_view words) {
  std::fprintf(stderr, "pairsim: no node for '%.*s'\n", static_cast<int>(words.size()),
               words.data());
  std::abort();
}

}  // namespace

Path Content::PathOf(std::string_view words) const {
  Path path;
  const SchemaNode* node = &root_;
  std::istringstream stream{std::string(words)};
  for (std::string word; stream >> word;) {
    node = node->Child(word);
    if (node == nullptr) Fail(words);
    path.push_back({.node = node, .keys = {}});
    const std::size_t keys = node->is_list()                     ? node->key_count
                             : node->kind == NodeKind::kLeafList ? 1
                                                                 : 0;
    for (std::size_t i = 0; i < keys && stream >> word; ++i) path.back().keys.push_back(word);
  }
  return path;
}

Edit Content::Set(std::string_view words, std::string_view value) const {
  return {.op = EditOp::kSet, .path = PathOf(words), .value = std::string(value), .after = {}};
}

Edit Content::Delete(std::string_view words) const {
  return {.op = EditOp::kDelete, .path = PathOf(words), .value = {}, .after = {}};
}

std::vector<Edit> Content::StampEdits(std::string_view category, Stamp stamp) const {
  const Places places = PlacesOf(category);
  const std::string text = std::to_string(stamp);
  return {Set(places.first, text), Set(places.second, text)};
}

std::vector<Edit> Content::SyncEdits(const std::map<std::string, std::string>& remotes) const {
  const std::string top = "ha configuration-synchronization ";
  std::vector<Edit> edits = {Set(top + "enabled", "true")};
  for (const auto& [name, address] : remotes) {
    edits.push_back(Set(top + "remote " + name + " address", address));
  }
  return edits;
}

std::string Content::Value(const Tree& tree, std::string_view words) const {
  const Node* const node = tree.Find(PathOf(words));
  return node == nullptr ? "" : std::string(node->value());
}

std::string Content::TornPart(const Tree& tree) const {
  for (const std::string_view category : kStampedCategories) {
    const Places places = PlacesOf(category);
    const std::string first = Value(tree, places.first), second = Value(tree, places.second);
    if (first != second) {
      return std::string(category) + " has '" + first + "' and '" + second + "'";
    }
  }
  return "";
}

Stamp Content::StampOf(const Tree& tree, std::string_view category) const {
  const std::string text = Value(tree, PlacesOf(category).first);
  return text.empty() ? 0 : std::strtoull(text.c_str(), nullptr, 10);
}

std::string Content::SharedText(const Tree& tree) const {
  std::string text;
  for (const std::string_view category : kStampedCategories) {
    text += std::string(category) + "=" + std::to_string(StampOf(tree, category)) + " ";
  }
  text += "password=" + Value(tree, "users user ann password");
  text += " uses=" + Value(tree, "policy rule uses action");
  text += " used=" + Value(tree, "objects address used prefix");
  return text;
}

std::string Content::OwnText(const Tree& tree) const {
  return Value(tree, "system host-name") + " " + Value(tree, "system location") + " " +
         Value(tree, "ha configuration-synchronization policy") + " " +
         Value(tree, "ha configuration-synchronization push") + " " +
         Value(tree, "ha configuration-synchronization enabled");
}

Tree ContentJudge::WithIds(const Tree& running, const Tree& tree, Problems& problems) const {
  const std::vector<Edit> edits = MissingIds(running, tree, problems);
  absl::StatusOr<Tree> made = tree.Apply(edits);
  return made.ok() ? *std::move(made) : tree;
}

Judge::Cost ContentJudge::Verdict(const Tree& tree, Problems& problems) const {
  ReferenceIndex(tree).Check(problems);
  if (refuses_firewall && content_.StampOf(tree, "firewall") % 2 == 1) {
    problems.Add({.code = "INVALID",
                  .path = "/policy/rule",
                  .value = {},
                  .text = "not on this node",
                  .remedy = "another value"});
  }
  return {.own_cpu_us = 1, .validation_cpu_us = 1};
}

}  // namespace configsync
