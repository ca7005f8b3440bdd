// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {

void EngineTest::Restart() {
  engine_.reset();
  absl::StatusOr<std::unique_ptr<ConfigEngine>> engine =
      ConfigEngine::Start({.judge = &judge_,
                           .store = &store_,
                           .dataplane = &dataplane_,
                           .clock = &clock_,
                           .boot_id = boot_id_});
  ASSERT_TRUE(engine.ok()) << engine.status();
  engine_ = *std::move(engine);
}

void EngineTest::Reboot(std::int64_t down_ms) {
  clock_.boot_ms = 10;
  clock_.wall_ms += down_ms;
  boot_id_ += "+";
  Restart();
}

void EngineTest::Set(const Operator& by, std::string_view words, std::string_view value) {
  const Problems problems = engine_->EditCandidate(by, {schema_.Set(words, value)});
  EXPECT_TRUE(problems.empty()) << words << ": " << CodeOf(problems);
}

void EngineTest::Delete(const Operator& by, std::string_view words) {
  const Problems problems = engine_->EditCandidate(by, {schema_.Delete(words)});
  EXPECT_TRUE(problems.empty()) << words << ": " << CodeOf(problems);
}

CommitOutcome EngineTest::Commit(const Operator& by, const CommitOptions& options) {
  return engine_->Commit(by, options);
}

CommitOutcome EngineTest::CommitWithin(const Operator& by, std::uint32_t seconds, bool save) {
  CommitOptions options;
  options.confirm_within_s = seconds;
  options.save = save;
  return engine_->Commit(by, options);
}

RevisionId EngineTest::MustCommit(const Operator& by, std::string_view words,
                                  std::string_view value) {
  Set(by, words, value);
  const CommitOutcome outcome = Commit(by);
  EXPECT_TRUE(outcome.committed) << CodeOf(outcome.problems);
  return outcome.revision;
}

std::string EngineTest::Value(std::string_view words, ViewName::Kind kind, const Operator& by) {
  const absl::StatusOr<Tree> tree = engine_->View(by, {.kind = kind});
  EXPECT_TRUE(tree.ok()) << tree.status();
  const Node* const node = tree.ok() ? tree->Find(schema_.PathOf(words)) : nullptr;
  return node == nullptr ? "" : std::string(node->value());
}

std::string EngineTest::CodeOf(const Problems& problems) {
  return problems.empty() ? "" : problems.list.front().code;
}

AuditRecord EngineTest::LastAudit() {
  const auto records = engine_->Audit(1);
  return records->front();
}

RevisionInfo EngineTest::Newest() {
  const auto history = engine_->History(1);
  return history->front();
}

}  // namespace configsync
