// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/path_maker.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/schema/explain.h"
#include "configsync/schema/problem_codes.h"
#include "configsync/schema/text.h"

namespace configsync {

bool PathMaker::Refuse(std::string_view code, std::string_view value, std::string text,
                       std::string remedy) {
  // What stands behind the name of a secret may be the secret, in a form that is none.
  problems_.Add({std::string(code), PathText(path_), node_->secret ? "" : ShortText(value),
                 std::move(text), std::move(remedy)});
  return false;
}

bool PathMaker::Descend(std::string_view name) {
  if (!node_->has_children()) {
    return Refuse(problem_code::kUnknownPath, name, "there is nothing below a value",
                  "end the path here");
  }
  if (node_->is_list() && path_.back().keys.empty()) {
    return Refuse(problem_code::kIncompletePath, name,
                  "a list needs its keys before what is in an entry",
                  absl::StrCat("name the entry: ", KeyNames()));
  }
  if (path_.size() >= kPathStepsMax) {
    return Refuse(problem_code::kBadPath, name,
                  absl::StrCat("the path has more than ", kPathStepsMax, " steps"),
                  "no node is that deep");
  }
  const SchemaNode* child = node_->Child(name);
  if (child == nullptr) {
    return Refuse(problem_code::kUnknownPath, name,
                  absl::StrCat("is not known below ", PathText(path_)),
                  UnknownRemedy(*node_, name));
  }
  node_ = child;
  path_.push_back({child, {}});
  return true;
}

bool PathMaker::AddKey(std::string_view value) {
  std::vector<std::string>& keys = path_.back().keys;
  const SchemaNode& key = node_->is_list() ? *node_->children[keys.size()] : *node_;
  std::string canonical;
  const std::string place =
      key.is_key ? absl::StrCat(PathText(path_), "/", key.name) : PathText(path_);
  if (!schema_.Canonical(key, value, place, canonical, problems_)) return false;
  keys.push_back(std::move(canonical));
  return true;
}

bool PathMaker::WantsKey() const {
  if (path_.empty()) return false;
  const std::size_t count = path_.back().keys.size();
  return node_->is_list() ? count < node_->key_count
                          : node_->kind == NodeKind::kLeafList && count == 0;
}

std::string PathMaker::KeyNames() const {
  if (!node_->is_list()) return "a value";
  std::string text;
  for (std::size_t i = 0; i < node_->key_count; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : " and ", node_->children[i]->name);
  }
  return text;
}

}  // namespace configsync
