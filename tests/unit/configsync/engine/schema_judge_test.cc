// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The engine with our own modules, as a node has it.

#include "configsync/engine/schema_judge.h"

#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {
namespace {

constexpr char kLab[] = R"({
  "zones": {"zone": [{"name": "lan"}, {"name": "wan"}]},
  "policy": {"rule": [
    {"name": "web", "from-zone": "lan", "to-zone": "wan", "action": "permit"}
  ]},
  "ha": {"virtual-host-name": "fw"}
})";

class SchemaJudgeTest : public ::testing::Test {
 protected:
  SchemaJudgeTest() {
    auto schema = Schema::Load(LOCKSTEP_YANG_FOLDER);
    if (!schema.ok()) ADD_FAILURE() << schema.status();
    schema_ = *std::move(schema);
    judge_ = std::make_unique<SchemaJudge>(*schema_);
    store_ = std::make_unique<MemoryStore>(schema_->root());
    auto engine = ConfigEngine::Start({.judge = judge_.get(),
                                       .store = store_.get(),
                                       .dataplane = &dataplane_,
                                       .clock = &clock_,
                                       .boot_id = "boot"});
    if (!engine.ok()) ADD_FAILURE() << engine.status();
    engine_ = *std::move(engine);
  }
  static std::string TextOf(const Problems& problems) {
    std::string text;
    for (const Problem& problem : problems.list) {
      text += problem.code + " " + problem.path + ": " + problem.text + "\n";
    }
    return text;
  }
  std::unique_ptr<Schema> schema_;
  std::unique_ptr<SchemaJudge> judge_;
  std::unique_ptr<MemoryStore> store_;
  FakeDataplane dataplane_;
  StillClock clock_;
  std::unique_ptr<ConfigEngine> engine_;
};

TEST_F(SchemaJudgeTest, ALoadedConfigurationIsJudgedNumberedAndCommitted) {
  const Problems problems = engine_->LoadCandidate(kAnn, kLab, true);
  ASSERT_TRUE(problems.empty()) << TextOf(problems);
  const CommitOutcome outcome = engine_->Commit(kAnn, {});
  ASSERT_TRUE(outcome.committed) << TextOf(outcome.problems);
  EXPECT_TRUE(engine_->Status().ha_armed);
  const auto tree = engine_->View(kAnn, {});
  std::size_t ids = 0;
  for (const char* list : {"zones", "policy"}) {
    const SchemaNode* const entries = schema_->Find(std::string("/") + list)->children.front();
    tree->Find({{.node = entries->parent, .keys = {}}, {.node = entries, .keys = {}}})
        ->VisitEntries([&](const Node& entry) {
          if (entry.Child(*entries->Child("id")) != nullptr) ++ids;
          return true;
        });
  }
  EXPECT_EQ(ids, 3u);
}

TEST_F(SchemaJudgeTest, AReferenceToNothingIsAProblemWithItsPath) {
  std::string lab = kLab;
  const std::string zone = "\"to-zone\": \"wan\"";
  lab.replace(lab.find(zone), zone.size(), "\"to-zone\": \"lost\"");
  ASSERT_TRUE(engine_->LoadCandidate(kAnn, lab, true).empty());
  const CommitOutcome outcome = engine_->Commit(kAnn, {});
  EXPECT_FALSE(outcome.committed);
  EXPECT_NE(TextOf(outcome.problems).find("lost"), std::string::npos) << TextOf(outcome.problems);
  EXPECT_EQ(engine_->Status().running, 1u);
}

// Rules of a sync map are judged with everything else, and what they let stay at home is told.
TEST_F(SchemaJudgeTest, F25_F26_SyncMapsAreJudgedAtTheCommit) {
  const std::string map = R"({"ha": {"configuration-synchronization": {"map": [{"name": "m",
      "rule": [{"number": 10, "action": "include", "location": ")";
  const auto commit = [&](const std::string& location) {
    EXPECT_TRUE(engine_->LoadCandidate(kAnn, map + location + R"("}]}]}}})", true).empty());
    return engine_->Commit(kAnn, {});
  };
  const CommitOutcome refused = commit("/services/https");
  EXPECT_FALSE(refused.committed);
  EXPECT_TRUE(TextOf(refused.problems)
                  .starts_with("NEVER_SYNC /ha/configuration-synchronization/map[name='m']/"
                               "rule[number='10']/location: "))
      << TextOf(refused.problems);
  const CommitOutcome warned = commit("/interfaces");
  EXPECT_TRUE(warned.committed) << TextOf(warned.problems);
  ASSERT_FALSE(warned.warnings.empty());
  EXPECT_NE(warned.warnings.back().find("/interfaces/interface/address"), std::string::npos)
      << warned.warnings.back();
}

TEST_F(SchemaJudgeTest, AnInterfaceWithVirtualAddressesOnlyIsToldToBeUnused) {
  ASSERT_TRUE(engine_
                  ->LoadCandidate(kAnn, R"({"zones": {"zone": [{"name": "z"}]}, "interfaces":
      {"interface": [{"name": "lan", "port": "p", "zone": "z",
                      "virtual-address": [{"vrid": 1, "address": "10.0.0.1"}]}]}})",
                                  true)
                  .empty());
  const CommitOutcome outcome = engine_->Commit(kAnn, {});
  EXPECT_TRUE(outcome.committed) << TextOf(outcome.problems);
  ASSERT_EQ(outcome.warnings.size(), 1u);
  EXPECT_TRUE(outcome.warnings[0].starts_with("/interfaces/interface[name='lan']: "));
}

}  // namespace
}  // namespace configsync
