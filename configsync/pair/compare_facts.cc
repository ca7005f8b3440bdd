// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/compare_facts.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace configsync {
namespace {

class Comparer {
 public:
  explicit Comparer(std::string_view remote) : remote_(remote) {}

  void Add(ReasonCode code, std::string subject, std::string_view mine, std::string_view theirs) {
    reasons_.push_back(
        {.code = code,
         .subject = std::move(subject),
         .remote = remote_,
         .evidence = absl::StrCat("here ", Shown(mine), ", on ", remote_, " ", Shown(theirs)),
         .severity = {},
         .blocks = {}});
  }
  void Differ(ReasonCode code, std::string_view mine, std::string_view theirs) {
    if (mine != theirs) Add(code, {}, mine, theirs);
  }
  Reason& last() { return reasons_.back(); }
  std::vector<Reason> Take() { return std::move(reasons_); }

 private:
  static std::string Shown(std::string_view value) {
    return value.empty() ? "none" : std::string(value.substr(0, 128));
  }
  std::string remote_;
  std::vector<Reason> reasons_;
};

void CompareReleases(const Facts& mine, const Facts& theirs, Comparer& comparer) {
  const Release here = ReleaseOf(mine.version);
  const Release there = ReleaseOf(theirs.version);
  const std::uint32_t apart = std::max(here.minor, there.minor) - std::min(here.minor, there.minor);
  if (here.major != there.major || apart > 1) {
    comparer.Add(ReasonCode::kVersionIncompatible, {}, mine.version, theirs.version);
  } else if (mine.protocol != theirs.protocol) {
    comparer.Add(ReasonCode::kVersionIncompatible, {}, absl::StrCat("protocol ", mine.protocol),
                 absl::StrCat("protocol ", theirs.protocol));
  }
}

void CompareFeatures(const Facts& mine, const Facts& theirs, Comparer& comparer) {
  std::set<std::string> names;
  for (const auto& [name, is_on] : mine.features) names.insert(name);
  for (const auto& [name, is_on] : theirs.features) names.insert(name);
  const auto is_on = [](const Facts& facts, const std::string& name) {
    const auto found = facts.features.find(name);
    return found != facts.features.end() && found->second;
  };
  for (const std::string& name : names) {
    const bool here = is_on(mine, name);
    const bool there = is_on(theirs, name);
    if (here != there) {
      comparer.Add(ReasonCode::kFeatureMismatch, name, here ? "true" : "false",
                   there ? "true" : "false");
    }
  }
}

// A warning, or a block if either node requires the plugin (F166).
void ComparePlugins(const Facts& mine, const Facts& theirs, Comparer& comparer) {
  std::set<std::string> names;
  for (const auto& [name, version] : mine.plugins) names.insert(name);
  for (const auto& [name, version] : theirs.plugins) names.insert(name);
  std::set<std::string> required(mine.required_plugins.begin(), mine.required_plugins.end());
  required.insert(theirs.required_plugins.begin(), theirs.required_plugins.end());
  names.insert(required.begin(), required.end());
  const auto version_of = [](const Facts& facts, const std::string& name) -> std::string {
    const auto found = facts.plugins.find(name);
    return found == facts.plugins.end() ? "" : found->second;
  };
  for (const std::string& name : names) {
    const std::string here = version_of(mine, name);
    const std::string there = version_of(theirs, name);
    if (here == there) continue;
    comparer.Add(ReasonCode::kPluginMismatch, name, here, there);
    const bool blocks = required.contains(name);
    comparer.last().severity = blocks ? Severity::kError : Severity::kWarning;
    comparer.last().blocks = blocks ? Blocks::kPush : Blocks::kNothing;
  }
}

// Collects the schema paths that are used.
void Visit(const Node& node, std::set<const SchemaNode*>& used) {
  if (node.role() != NodeRole::kEntry && node.role() != NodeRole::kValue) {
    used.insert(&node.schema());
  }
  if (node.role() == NodeRole::kList) {
    node.VisitEntries([&](const Node& entry) {
      Visit(entry, used);
      return true;
    });
  } else if (node.role() == NodeRole::kContainer || node.role() == NodeRole::kEntry) {
    for (const NodePtr& child : node.children()) Visit(*child, used);
  }
}

}  // namespace

Release ReleaseOf(std::string_view version) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(version), '.');
  Release release;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[0], &release.major) ||
      !absl::SimpleAtoi(parts[1], &release.minor)) {
    return {};
  }
  return release;
}

std::vector<Reason> CompareFacts(const Facts& mine, const Facts& theirs, std::string_view remote) {
  Comparer comparer(remote);
  CompareReleases(mine, theirs, comparer);
  comparer.Differ(ReasonCode::kModeMismatch, mine.mode, theirs.mode);
  comparer.Differ(ReasonCode::kMasterKeyMismatch, mine.master_key, theirs.master_key);
  CompareFeatures(mine, theirs, comparer);
  comparer.Differ(ReasonCode::kHwModelMismatch, mine.hardware, theirs.hardware);
  comparer.Differ(ReasonCode::kContentDbIncompatible, mine.content_database,
                  theirs.content_database);
  comparer.Differ(ReasonCode::kLicenseMismatch, absl::StrJoin(mine.licenses, " "),
                  absl::StrJoin(theirs.licenses, " "));
  ComparePlugins(mine, theirs, comparer);
  return comparer.Take();
}

std::vector<std::string> BlockedPaths(const Tree& part, const std::vector<std::string>& their_paths,
                                      std::size_t count_max) {
  std::set<const SchemaNode*> used;
  Visit(part.root(), used);
  std::vector<std::string> blocked;
  for (const SchemaNode* const node : used) {
    if (node->parent == nullptr || std::ranges::binary_search(their_paths, node->path)) continue;
    blocked.push_back(node->path);
  }
  std::ranges::sort(blocked);
  if (blocked.size() > count_max) blocked.resize(count_max);
  return blocked;
}

}  // namespace configsync
