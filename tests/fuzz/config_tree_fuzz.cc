// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// libFuzzer target: stored edits, from any bytes, and everything that is computed from trees that
// they make.
//
// Input: text of configsync/tree/edit_codec.h over the schema of the unit tests; if it is refused,
// its lines one by one. The first half of the edits that can be done makes one tree, the others
// lead from it to a second, and backwards from nothing to a third.
// Checks: decoded edits come back from their text; a batch does what its edits do one by one; a
// difference leads from one tree to the other and is empty iff hashes are equal; a merge keeps its
// laws; a projection is idempotent and remembers nothing wrong; the index of references that
// followed says what a new one says.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/tree/edit_codec.h"
#include "configsync/tree/merge.h"
#include "configsync/tree/project.h"
#include "configsync/tree/references.h"
#include "configsync/tree/tree.h"
#include "statesync/ensure.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

constexpr std::string_view kHeading = "lockstep-edits 1\n";
constexpr std::size_t kEditsOfAnInputMax = 300;

const TestSchema& Schema() {
  static const TestSchema schema;
  return schema;
}

std::vector<Edit> EditsIn(std::string_view text) {
  absl::StatusOr<std::vector<Edit>> whole = DecodeEdits(text, Schema().root());
  std::vector<Edit> edits;
  if (whole.ok()) {
    edits = *whole;
  } else {
    ENSURE(whole.status().message().substr(0, 18) == "stored edits, line");
  }
  while (!whole.ok() && text.find('\n') != std::string_view::npos) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);
    text.remove_prefix(line.size());
    const absl::StatusOr<std::vector<Edit>> one =
        DecodeEdits(std::string(kHeading) + std::string(line), Schema().root());
    if (one.ok()) edits.insert(edits.end(), one->begin(), one->end());
  }
  if (edits.size() > kEditsOfAnInputMax) edits.resize(kEditsOfAnInputMax);
  const std::string again = EncodeEdits(edits);
  ENSURE(DecodeEdits(again, Schema().root()).value() == edits);
  return edits;
}

Tree TreeAfter(Tree tree, std::span<const Edit> edits) {
  const Tree begin = tree;
  std::vector<Edit> done;
  for (const Edit& edit : edits) {
    absl::StatusOr<Tree> next = tree.Apply(std::span(&edit, 1));
    if (!next.ok()) {
      ENSURE(next.status().message().find("/") != absl::string_view::npos);
      continue;
    }
    tree = *std::move(next);
    done.push_back(edit);
  }
  ENSURE(begin.Apply(done).value() == tree);
  ENSURE(done.size() == edits.size() || !begin.Apply(edits).ok());
  return tree;
}

void CheckDiff(const Tree& a, const Tree& b) {
  const std::vector<Change> changes = Diff(a, b);
  ENSURE(changes.empty() == (a.hash() == b.hash()));
  const std::vector<Edit> edits = EditsOf(changes);
  ENSURE(a.Apply(edits).value() == b);
  ENSURE(DecodeEdits(EncodeEdits(edits), Schema().root()).value() == edits);
}

void CheckMerge(const Tree& base, const Tree& x, const Tree& y) {
  ENSURE(Merge(base, x, base).tree == x);
  ENSURE(Merge(base, base, y).tree == y);
  ENSURE(Merge(base, x, x).tree == x);
  const MergeResult merged = Merge(base, x, y);
  const MergeResult turned = Merge(base, y, x, Prefer::kTheirs);
  ENSURE(merged.tree == turned.tree);
  ENSURE(merged.conflicts.size() == turned.conflicts.size());
  CheckDiff(base, merged.tree);
}

void CheckProjection(const Tree& a, const Tree& b) {
  const auto projector = [] {
    return Projector(ClassSelector(Schema().root(), Mode::kActivePassive,
                                   [](std::string_view) { return false; }));
  };
  Projector follows = projector();
  (void)follows.Project(a);
  const Tree projected = follows.Project(b);
  ENSURE(projected == projector().Project(b));
  ENSURE(projector().Project(projected) == projected);
}

void CheckReferences(const Tree& a, const Tree& b) {
  ReferenceIndex follows(a);
  follows.MoveTo(b);
  Problems found;
  Problems expected;
  follows.Check(found);
  ReferenceIndex(b).Check(expected);
  ENSURE(found.list == expected.list);
  for (const Change& change : Diff(a, b)) {
    (void)Closure(b, std::span(&change.path, 1));
  }
}

}  // namespace
}  // namespace configsync

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace configsync;  // NOLINT: the entry point cannot be in it.
  const std::vector<Edit> edits = EditsIn({reinterpret_cast<const char*>(data), size});
  const std::span<const Edit> all = edits;
  const Tree empty = Schema().Empty();
  const Tree a = TreeAfter(empty, all.first(all.size() / 2));
  const Tree b = TreeAfter(a, all.subspan(all.size() / 2));
  const Tree c = TreeAfter(empty, all.subspan(all.size() / 4));
  CheckDiff(empty, b);
  CheckDiff(a, b);
  CheckDiff(b, a);
  CheckDiff(b, c);
  CheckMerge(a, b, c);
  CheckMerge(empty, b, c);
  CheckProjection(a, b);
  CheckReferences(a, b);
  return 0;
}
