// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/yang_text.h"

#include <utility>

#include "configsync/schema/complete.h"
#include "configsync/schema/print_commands.h"
#include "configsync/schema/print_json.h"
#include "configsync/schema/read_path.h"

namespace configsync {

std::optional<Path> YangText::ReadPath(std::span<const std::string> words,
                                       Problems& problems) const {
  return ReadPathWords(schema_, words, problems);
}

std::optional<Edit> YangText::ReadEdit(EditOp op, std::span<const std::string> words,
                                       Problems& problems) const {
  return ReadEditWords(schema_, op, words, problems);
}

std::string YangText::Json(const Tree& tree, const Path& at) const {
  return JsonText(tree, JsonOptions{}, at);
}

std::string YangText::Commands(const Tree& tree, const Path& at) const {
  return CommandsText(tree, at);
}

std::string YangText::Printed(const Node& node) const {
  return node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue
             ? ShownValue(node)
             : NodeJsonText(node, JsonOptions{});
}

std::vector<WordChoice> YangText::Complete(const Tree& tree, std::string_view verb,
                                           std::span<const std::string> words,
                                           std::string_view partial) const {
  std::vector<WordChoice> choices;
  for (Candidate& candidate : configsync::Complete(schema_, tree, verb, words, partial)) {
    choices.push_back({std::move(candidate.word), std::move(candidate.help),
                       std::string(KindName(candidate.kind))});
  }
  return choices;
}

}  // namespace configsync
