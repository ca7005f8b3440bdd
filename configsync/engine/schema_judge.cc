// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/schema_judge.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/codes.h"
#include "configsync/schema/auto_ids.h"
#include "configsync/schema/read_json.h"
#include "configsync/schema/stored_only.h"
#include "configsync/select/selection.h"

namespace configsync {

std::vector<Edit> SchemaJudge::ReadJson(std::string_view json, const Tree& current,
                                        Problems& problems) const {
  JsonReadOptions options;
  options.current = &current;
  return configsync::ReadJson(schema_, json, options, problems);
}

Tree SchemaJudge::WithIds(const Tree& running, const Tree& tree, Problems& problems) const {
  const std::vector<Edit> edits = MissingIds(running, tree, problems);
  if (edits.empty()) return tree;
  absl::StatusOr<Tree> made = tree.Apply(edits);
  if (made.ok()) return *std::move(made);
  problems.Add(
      {.code = std::string(problem_code::kBadEdit),
       .path = {},
       .value = {},
       .text = absl::StrCat("numbers cannot be set: ", std::string(made.status().message())),
       .remedy = "check the schema modules of this installation"});
  return tree;
}

Judge::Cost SchemaJudge::Verdict(const Tree& tree, Problems& problems) const {
  const Schema::JudgeCost cost = schema_.Judge(tree, problems);
  CheckMaps(tree, problems);
  return {.own_cpu_us = cost.own_cpu_us, .validation_cpu_us = cost.libyang_cpu_us};
}

std::vector<std::string> SchemaJudge::Warnings(std::span<const Change> changes) const {
  std::vector<std::string> warnings;
  for (const std::string& path : StoredOnlyPaths(changes)) {
    warnings.push_back(
        absl::StrCat(path, ": it is kept, but no process of this version acts on it"));
  }
  return warnings;
}

namespace {

// Interfaces that have virtual addresses, but no address of their own.
void WarnOfInterfaces(const Tree& tree, std::vector<std::string>& warnings) {
  const SchemaNode* interfaces = tree.schema().Child("interfaces");
  const SchemaNode* list = interfaces == nullptr ? nullptr : interfaces->Child("interface");
  if (list == nullptr) return;
  const SchemaNode* address = list->Child("address");
  const SchemaNode* virtual_address = list->Child("virtual-address");
  const Node* entries = tree.Find({{interfaces, {}}, {list, {}}});
  if (entries == nullptr || address == nullptr || virtual_address == nullptr) return;
  entries->VisitEntries([&](const Node& entry) {
    if (entry.Child(*address) == nullptr && entry.Child(*virtual_address) != nullptr) {
      const std::vector<std::string> keys = {std::string(entry.key(0))};
      warnings.push_back(absl::StrCat(PathText({{interfaces, {}}, {list, keys}}),
                                      ": it has virtual addresses, but is not used without an "
                                      "address of its own"));
    }
    return true;
  });
}

bool Touch(std::span<const Change> changes, std::string_view name) {
  return std::ranges::any_of(changes, [&](const Change& change) {
    return change.path.empty() || change.path.front().node->name == name;
  });
}

}  // namespace

std::vector<std::string> SchemaJudge::TreeWarnings(std::span<const Change> changes,
                                                   const Tree& tree) const {
  std::vector<std::string> warnings;
  if (Touch(changes, "interfaces")) WarnOfInterfaces(tree, warnings);
  if (!Touch(changes, "ha")) return warnings;
  for (std::string& text : MapWarnings(tree)) warnings.push_back(std::move(text));
  return warnings;
}

}  // namespace configsync
