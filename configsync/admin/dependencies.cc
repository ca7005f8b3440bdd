// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/dependencies.h"

#include <algorithm>
#include <string>
#include <vector>

#include "configsync/select/selection.h"

namespace configsync {
namespace {

// Whether the node at `path` is `top`, or below it.
bool IsWithin(std::string_view path, std::string_view top) {
  return path.starts_with(top) && (top == "/" || path.size() == top.size() ||
                                   path[top.size()] == '/' || path[top.size()] == '[');
}

bool IsTouched(const std::string& path, const std::vector<std::string>& changed) {
  return std::ranges::any_of(changed, [&](const std::string& change) {
    return IsWithin(path, change) || IsWithin(change, path);
  });
}

// The sentence of the mode in force.
std::string ReasonFor(const std::string& path, const RemoteOutcome& remote, const Tree& next,
                      const SchemaText& text) {
  Problems problems;
  const std::optional<Path> place = text.ReadPath({&path, 1}, problems);
  if (!place.has_value()) {
    return "";
  }
  const Explanation explanation =
      Explain(next, remote.remote, *place, {.withheld = remote.withheld});
  return explanation.answers.empty() ? "" : explanation.answers.front().text;
}

}  // namespace

void FillDependencies(const RemoteOutcome& remote, const Tree& next, const SchemaText& text,
                      lockstep::admin::RemoteCommit& message) {
  if (remote.changes.empty()) {
    return;
  }
  std::vector<std::string> changed;
  for (const Change& change : remote.changes) {
    changed.push_back(PathText(change.path));
  }
  SelectionMaker maker(remote.remote);
  std::uint64_t omitted = 0;
  for (const std::string& path :
       maker.SpecFor(next, next, {.withheld = remote.withheld}).dependencies) {
    if (!IsTouched(path, changed)) {
      continue;
    }
    if (static_cast<std::size_t>(message.dependencies_size()) >= kDependenciesShownMax) {
      ++omitted;
      continue;
    }
    lockstep::admin::Dependency& row = *message.add_dependencies();
    row.set_path(path);
    row.set_reason(ReasonFor(path, remote, next, text));
  }
  message.set_omitted_dependencies(omitted);
}

}  // namespace configsync
