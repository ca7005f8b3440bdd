// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the tests of the schema share: our modules, loaded once, and short ways to make trees.

#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "configsync/schema/read_json.h"
#include "configsync/schema/schema.h"
#include "configsync/tree/tree.h"

namespace configsync {

// Folder of the modules and of this test's files, as the build says.
inline std::string YangFolder() { return LOCKSTEP_YANG_FOLDER; }
inline std::string TestFolder() { return LOCKSTEP_TEST_FOLDER; }

inline const Schema& OurSchema() {
  static const std::unique_ptr<Schema> schema = [] {
    auto loaded = Schema::Load(YangFolder());
    if (!loaded.ok()) {
      ADD_FAILURE() << loaded.status();
      std::abort();
    }
    return *std::move(loaded);
  }();
  return *schema;
}

inline const SchemaNode& NodeAt(std::string_view path) {
  const SchemaNode* node = OurSchema().Find(path);
  if (node == nullptr) {
    ADD_FAILURE() << "no such node: " << path;
    std::abort();
  }
  return *node;
}

inline Tree EmptyTree() { return {OurSchema().root(), SecretKey{{1, 2, 3}}}; }

// The tree of a JSON text that is right.
inline Tree TreeOf(const std::string& json, const JsonReadOptions& options = {}) {
  Problems problems;
  const std::vector<Edit> edits = ReadJson(OurSchema(), json, options, problems);
  EXPECT_TRUE(problems.empty()) << problems.list[0].path << ": " << problems.list[0].text;
  auto tree = EmptyTree().Apply(edits);
  EXPECT_TRUE(tree.ok()) << tree.status();
  return tree.ok() ? *std::move(tree) : EmptyTree();
}

// "policy rule 'a b'" → its words, as a shell makes them: blanks part, single quotes hold together,
// a backslash takes the next character.
inline std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  bool open = false;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ' ' && !quoted) {
      open = false;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    if (line[i] == '\'') {
      quoted = !quoted;
    } else {
      words.back() += line[i] == '\\' && !quoted ? line[++i] : line[i];
    }
  }
  return words;
}

inline std::string TextOf(const Problems& problems) {
  std::string text;
  for (const Problem& problem : problems.list) {
    text += problem.code + " " + problem.path + " [" + problem.value + "] " + problem.text + "; " +
            problem.remedy + "\n";
  }
  return text;
}

}  // namespace configsync
