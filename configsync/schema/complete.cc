// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/complete.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/schema/limits.h"
#include "configsync/schema/read_path.h"

namespace configsync {
namespace {

class Completer {
 public:
  Completer(const Tree& tree, bool is_set, std::string_view partial)
      : tree_(tree), is_set_(is_set), partial_(partial) {}

  std::vector<Candidate> Take() { return std::move(candidates_); }

  void AddChildren(const Path& path) {
    const SchemaNode& parent = path.empty() ? tree_.schema() : *path.back().node;
    const Node* node = tree_.Find(path);
    for (const SchemaNode* child : parent.children) {
      const bool exists = node != nullptr && node->Child(*child) != nullptr;
      if (child->is_key || (!is_set_ && !exists)) continue;
      CandidateKind kind = CandidateKind::kLeaf;
      if (child->is_list()) {
        kind = CandidateKind::kList;
      } else if (child->has_children()) {
        kind = CandidateKind::kContainer;
      }
      Add(child->name, child->description, kind);
    }
  }

  // Keys of entries, or values of a leaf-list, that are there; `path` ends with the list, and with
  // the keys given so far.
  void AddKeys(const Path& path) {
    Path list_path = path;
    const std::vector<std::string> given = std::exchange(list_path.back().keys, {});
    const SchemaNode& schema = *path.back().node;
    const SchemaNode& key = schema.is_list() ? *schema.children[given.size()] : schema;
    const Node* list = tree_.Find(list_path);
    if (list != nullptr && !key.secret) {
      std::string last;
      list->VisitEntries([&](const Node& entry) {
        for (std::size_t i = 0; i < given.size(); ++i) {
          if (entry.key(i) != given[i]) return true;
        }
        const std::string word(entry.key(given.size()));
        if (word != std::exchange(last, word)) Add(word, HelpOf(entry), CandidateKind::kKey);
        return candidates_.size() < kCandidatesMax;
      });
    }
    if (is_set_) {
      if (!schema.is_list() || key.type != LeafType::kString) AddValues(key);
      AddHint(key);
    }
  }

  // Values of a leaf's type.
  void AddValues(const SchemaNode& leaf) {
    for (std::size_t i = 0; i < leaf.values.size(); ++i) {
      const bool is_default =
          std::ranges::find(leaf.defaults, leaf.values[i]) != leaf.defaults.end();
      Add(leaf.values[i],
          absl::StrCat(i < leaf.value_help.size() ? leaf.value_help[i] : "",
                       is_default ? " (default)" : ""),
          CandidateKind::kValue);
    }
    for (const SchemaNode* target : leaf.leafref_targets) AddTargets(*target->parent);
  }

  void AddHint(const SchemaNode& leaf) {
    if (!partial_.empty() || !leaf.values.empty()) return;
    std::string help = absl::StrCat(leaf.description, " ", leaf.type_text);
    if (!leaf.units.empty()) absl::StrAppend(&help, ", ", leaf.units);
    if (!leaf.defaults.empty()) absl::StrAppend(&help, ", default ", leaf.defaults.front());
    candidates_.push_back({"", std::move(help), CandidateKind::kHint});
  }

 private:
  // Names of the entries of a list that has no list above it.
  void AddTargets(const SchemaNode& list) {
    Path path;
    for (const SchemaNode* node = &list; node->parent != nullptr; node = node->parent) {
      path.insert(path.begin(), {node, {}});
    }
    const Node* entries = tree_.Find(path);
    if (entries == nullptr) return;
    entries->VisitEntries([&](const Node& entry) {
      const std::string_view word = entry.key(0);
      const bool is_there = std::ranges::any_of(
          candidates_, [&](const Candidate& candidate) { return candidate.word == word; });
      if (!is_there) Add(std::string(word), HelpOf(entry), CandidateKind::kValue);
      return candidates_.size() < kCandidatesMax;
    });
  }

  // What an operator wrote about the entry.
  static std::string HelpOf(const Node& entry) {
    if (!entry.schema().is_list()) return {};
    const SchemaNode* description = entry.schema().Child("description");
    const Node* node = description == nullptr ? nullptr : entry.Child(*description);
    return node == nullptr ? std::string() : std::string(node->value());
  }

  void Add(std::string word, std::string help, CandidateKind kind) {
    if (word.starts_with(partial_) && candidates_.size() < kCandidatesMax) {
      candidates_.push_back({std::move(word), std::move(help), kind});
    }
  }

  const Tree& tree_;
  const bool is_set_;
  const std::string_view partial_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::vector<Candidate> Complete(const Schema& schema, const Tree& tree, std::string_view verb,
                                std::span<const std::string> words, std::string_view partial) {
  const auto place = ReadPlaceWords(schema, words);
  if (!place) return {};
  const bool is_set = verb == "set";
  Completer completer(tree, is_set, partial);
  const SchemaNode& node = place->empty() ? schema.root() : *place->back().node;
  const std::size_t keys = place->empty() ? 0 : place->back().keys.size();
  const bool wants_value = node.kind == NodeKind::kLeafList && keys == 0;
  if (wants_value || (node.is_list() && keys < node.key_count)) {
    completer.AddKeys(*place);
  } else if (node.has_children()) {
    completer.AddChildren(*place);
  } else if (is_set && node.is_leaf() && node.json != JsonForm::kEmpty) {
    completer.AddValues(node);
    completer.AddHint(node);
  }
  return completer.Take();
}

std::string_view KindName(CandidateKind kind) {
  switch (kind) {
    case CandidateKind::kContainer:
      return "container";
    case CandidateKind::kList:
      return "list";
    case CandidateKind::kLeaf:
      return "leaf";
    case CandidateKind::kKey:
      return "key";
    case CandidateKind::kValue:
      return "value";
    case CandidateKind::kHint:
      return "hint";
  }
  return "";
}

}  // namespace configsync
