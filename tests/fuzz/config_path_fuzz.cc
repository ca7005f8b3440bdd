// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Any bytes as a path and as the words of a command: refused with problems, or a place whose text
// reads back as the same place. What completion offers is always taken.
//
// The first byte chooses: 's'et, 'd'elete, 'c'omplete; any other: the whole input is a path.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/complete.h"
#include "configsync/schema/read_json.h"
#include "configsync/schema/read_path.h"
#include "statesync/ensure.h"
#include "tests/fuzz/fuzzed_schema.h"

namespace {

using configsync::CandidateKind;
using configsync::EditOp;
using configsync::FuzzedSchema;
using configsync::PathText;
using configsync::Problems;
using configsync::Tree;

std::vector<std::string> WordsOf(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t end = line.find(' ');
    words.emplace_back(line.substr(0, end));
    line = end == std::string_view::npos ? "" : line.substr(end + 1);
  }
  return words;
}

const Tree& SomeTree() {
  static const Tree tree = [] {
    Problems problems;
    const auto edits = configsync::ReadJson(FuzzedSchema(), R"({
        "zones": {"zone": [{"name": "inside"}, {"name": "outside"}]},
        "objects": {"address": [{"name": "web", "prefix": "10.0.0.0/8"}]},
        "policy": {"rule": [{"name": "r1", "action": "permit", "source": ["web", "10.1.0.0/16"]},
                            {"name": "r2", "action": "deny"}]}})",
                                            {}, problems);
    return *Tree(FuzzedSchema().root(), {}).Apply(edits);
  }();
  return tree;
}

void CheckPath(std::string_view text) {
  Problems problems;
  const auto path = configsync::ParsePath(FuzzedSchema(), text, problems);
  ENSURE(path.has_value() == problems.empty());
  if (!path) return;
  const auto again = configsync::ParsePath(FuzzedSchema(), PathText(*path), problems);
  ENSURE(again.has_value() && *again == *path);
}

void CheckEdit(EditOp op, const std::vector<std::string>& words) {
  Problems problems;
  const auto edit = configsync::ReadEditWords(FuzzedSchema(), op, words, problems);
  ENSURE(edit.has_value() == problems.empty());
  if (!edit) return;
  std::vector<std::string> again_words{PathText(edit->path)};
  const configsync::SchemaNode& node = *edit->path.back().node;
  if (op == EditOp::kSet && node.is_leaf() && node.json != configsync::JsonForm::kEmpty) {
    again_words.push_back(edit->value);
  }
  const auto again = configsync::ReadEditWords(FuzzedSchema(), op, again_words, problems);
  ENSURE(again.has_value() && *again == *edit);
}

void CheckCompletion(std::vector<std::string> words) {
  const std::string partial = words.empty() ? "" : words.back();
  if (!words.empty()) words.pop_back();
  for (const char* verb : {"set", "delete"}) {
    for (const auto& candidate :
         configsync::Complete(FuzzedSchema(), SomeTree(), verb, words, partial)) {
      if (candidate.kind == CandidateKind::kHint) continue;
      ENSURE(candidate.word.starts_with(partial));
      std::vector<std::string> longer = words;
      longer.push_back(candidate.word);
      Problems problems;
      const bool is_place = configsync::ReadPlaceWords(FuzzedSchema(), longer).has_value();
      ENSURE(is_place || configsync::ReadEditWords(FuzzedSchema(), EditOp::kSet, longer, problems));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const char choice = text.empty() ? '/' : text[0];
  if (choice == 's' || choice == 'd') {
    CheckEdit(choice == 's' ? EditOp::kSet : EditOp::kDelete, WordsOf(text.substr(1)));
  } else if (choice == 'c') {
    CheckCompletion(WordsOf(text.substr(1)));
  } else {
    CheckPath(text);
  }
  return 0;
}
