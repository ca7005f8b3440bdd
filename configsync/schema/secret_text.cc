// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/secret_text.h"

#include <algorithm>
#include <string>
#include <utility>

#include "configsync/schema/print_json.h"
#include "configsync/schema/problem_codes.h"

namespace configsync {
namespace {

// An entry whose keys were not good has no place; its own problem is told already.
bool HasPlace(const Path& path) {
  return std::ranges::all_of(path, [](const PathStep& step) {
    return !step.node->is_list() || step.keys.size() == step.node->key_count;
  });
}

}  // namespace

bool Unmask(const Tree* current, const Path& path, std::string& value, Problems& problems) {
  if (!value.starts_with(kFingerprintPrefix)) return true;
  const Node* node = current == nullptr ? nullptr : current->Find(path);
  if (node != nullptr && node->role() == NodeRole::kLeaf && FingerprintOf(*node) == value) {
    value = std::string(node->value());
    return true;
  }
  problems.Add({.code = std::string(problem_code::kMaskedSecret),
                .path = PathText(path),
                .value = {},
                .text = "is the fingerprint of a secret that does not stand there",
                .remedy = "give the secret itself, or leave it out"});
  return false;
}

void FinishSecrets(const Schema& schema, const JsonReadOptions& options,
                   std::span<const std::size_t> places, std::vector<Edit>& edits,
                   Problems& problems) {
  for (const std::size_t place : places) {
    Edit& edit = edits[place];
    if (!HasPlace(edit.path)) continue;
    const std::string path_text = PathText(edit.path);
    if (options.unseal) {
      auto opened = options.unseal(path_text, edit.value);
      if (!opened) {
        problems.Add({.code = std::string(problem_code::kBrokenSeal),
                      .path = path_text,
                      .value = {},
                      .text = "the sealed secret does not open",
                      .remedy = "the text was changed, or sealed under another master key"});
        continue;
      }
      edit.value = *std::move(opened);
    } else if (!Unmask(options.current, edit.path, edit.value, problems)) {
      continue;
    }
    std::string canonical;
    if (schema.Canonical(*edit.path.back().node, edit.value, path_text, canonical, problems)) {
      edit.value = std::move(canonical);
    }
  }
}

}  // namespace configsync
