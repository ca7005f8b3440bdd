// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Any bytes as a configuration: refused with problems that have a code, a text and a remedy, or
// made into a tree that prints to the same tree, and that libyang can parse.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/mistakes.h"
#include "configsync/schema/print_json.h"
#include "configsync/schema/read_json.h"
#include "statesync/ensure.h"
#include "tests/fuzz/fuzzed_schema.h"

namespace {

using configsync::Problem;
using configsync::Problems;
using configsync::Secrets;
using configsync::Tree;

void CheckProblems(const Problems& problems) {
  for (const Problem& problem : problems.list) {
    ENSURE(!problem.code.empty() && !problem.text.empty() && !problem.remedy.empty());
    ENSURE(problem.value.size() <= 100);
  }
}

Tree ReadAgain(const std::string& json, const Tree* current) {
  Problems problems;
  const auto edits = configsync::ReadJson(configsync::FuzzedSchema(), json,
                                          {.current = current, .unseal = {}}, problems);
  ENSURE(problems.empty());
  const auto tree = Tree(configsync::FuzzedSchema().root(), {}).Apply(edits);
  ENSURE(tree.ok());
  return *tree;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Problems problems;
  const auto edits = configsync::ReadJson(configsync::FuzzedSchema(), text, {}, problems);
  CheckProblems(problems);
  if (!problems.empty()) return 0;
  const auto tree = Tree(configsync::FuzzedSchema().root(), {}).Apply(edits);
  ENSURE(tree.ok());
  const std::string clear =
      configsync::JsonText(*tree, {.secrets = Secrets::kClear, .pretty = false, .seal = {}});
  ENSURE(ReadAgain(clear, nullptr) == *tree);
  ENSURE(ReadAgain(configsync::JsonText(*tree, {}), &*tree) == *tree);
  configsync::FuzzedSchema().Judge(*tree, problems);
  CheckProblems(problems);
  // Judge() looks only at what differs from the last good tree; it must miss nothing.
  Problems whole;
  configsync::FindMistakes(*tree, whole);
  // libyang looks only where they found nothing, and says one thing: INVALID, or its module's tag.
  ENSURE(whole.empty() ? problems.list.size() <= 1
                       : problems.list.size() == whole.list.size() &&
                             problems.list[0].code == whole.list[0].code);
  for (const Problem& problem : problems.list) {
    // Canonical values are never news to libyang: what it may find is what modules say with must.
    ENSURE(problem.code != "INVALID" ||
           (!problem.text.starts_with("Invalid") && !problem.text.starts_with("Unsatisfied") &&
            !problem.text.starts_with("Node")));
  }
  return 0;
}
