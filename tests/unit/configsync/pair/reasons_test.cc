// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Conditions of a pair as reasons: on both nodes within a second, and gone with their cause.

#include <gtest/gtest.h>

#include "configsync/engine/ha_nodes.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairReasonsTest : public ::testing::Test {
 protected:
  PairReasonsTest() { nodes_.MakePair(); }
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  // What either node shows of the other, its own view and the other's.
  static std::string Shown(PairNode& node) {
    std::string text = node.Reasons();
    for (const Reason& reason : node.Remote().their_reasons) {
      text += (text.empty() ? "<" : " <") + NameOf(reason);
    }
    return text;
  }
  // `break_it` gives both nodes the reason, `mend` takes it away; both in time.
  template <typename Break, typename Mend>
  void Shows(const std::string& reason, const Break& break_it, const Mend& mend) {
    EXPECT_EQ(Shown(a()) + Shown(b()), "");
    break_it();
    nodes_.Run(1'000);
    EXPECT_EQ(a().Reasons(), reason);
    EXPECT_EQ(b().Reasons(), reason);
    EXPECT_NE(Shown(a()).find("<" + reason), std::string::npos) << Shown(a());
    EXPECT_NE(Shown(b()).find("<" + reason), std::string::npos) << Shown(b());
    mend();
    nodes_.Run(1'000);
    EXPECT_EQ(Shown(a()) + Shown(b()), "");
    EXPECT_EQ(a().State(), "in-sync");
    EXPECT_EQ(b().State(), "in-sync");
  }
  template <typename Change>
  void ShowsFact(const std::string& reason, const Change& change) {
    const Facts usual = b().facts.facts;
    Shows(
        reason, [&] { change(b().facts.facts); }, [&] { b().facts.facts = usual; });
  }
  // A commit of a does not reach b.
  void ExpectBlocked(const std::string& reason) {
    const CommitOutcome outcome = a().Commit(RuleJson("blocked"));
    ASSERT_EQ(outcome.remotes.size(), 1u);
    EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
    ASSERT_FALSE(outcome.remotes[0].reasons.empty());
    EXPECT_EQ(NameOf(outcome.remotes[0].reasons[0]), reason);
    nodes_.Run(1'000);
    EXPECT_EQ(b().Action("blocked"), "");
    EXPECT_EQ(a().State(), "blocked");
  }
  Nodes nodes_;
};

TEST_F(PairReasonsTest, F77_NothingTravelsUnlessBothHaveItEnabled) {
  const auto turn = [&](PairNode& node, const char* value) {
    EXPECT_EQ(node.CommitText(R"({"ha": {"configuration-synchronization": {"enabled": )" +
                              std::string(value) + "}}}"),
              "");
    nodes_.Run(1'000);
    nodes_.wire.counts.clear();
  };
  const auto travels = [&](const char* rule) {
    EXPECT_EQ(a().CommitText(RuleJson(rule)), "");
    nodes_.Run(1'000);
    EXPECT_EQ(nodes_.wire.counts["Prepare"] > 0, b().Action(rule) == "permit");
    return b().Action(rule) == "permit";
  };
  EXPECT_TRUE(travels("both"));
  turn(b(), "false");
  EXPECT_FALSE(travels("here"));
  turn(a(), "false");
  EXPECT_FALSE(travels("neither"));
  turn(b(), "true");
  EXPECT_FALSE(travels("there"));
  turn(a(), "true");
  for (const char* rule : {"here", "neither", "there"}) EXPECT_EQ(b().Action(rule), "permit");
  EXPECT_TRUE(travels("both-again"));
}

TEST_F(PairReasonsTest, F155_WhereItIsOffIsShownOnBoth) {
  const std::string off = R"({"ha": {"configuration-synchronization": {"enabled": false}}})";
  const std::string on = R"({"ha": {"configuration-synchronization": {"enabled": true}}})";
  EXPECT_EQ(b().CommitText(off), "");
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "CONFIG_SYNC_DISABLED_PEER");
  EXPECT_EQ(b().Reasons(), "CONFIG_SYNC_DISABLED_LOCAL");
  EXPECT_EQ(b().State(), "disabled");
  ExpectBlocked("CONFIG_SYNC_DISABLED_PEER");
  EXPECT_EQ(b().CommitText(on), "");
  nodes_.Run(1'000);
  EXPECT_EQ(Shown(a()) + Shown(b()), "");
  EXPECT_EQ(b().Action("blocked"), "permit");
  EXPECT_EQ(a().CommitText(off), "");
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "CONFIG_SYNC_DISABLED_LOCAL");
  EXPECT_EQ(b().Reasons(), "CONFIG_SYNC_DISABLED_PEER");
  // F40: that is no error, and commits go on.
  EXPECT_EQ(RowOf(ReasonCode::kConfigSyncDisabledLocal).severity, Severity::kInfo);
  EXPECT_EQ(a().CommitText(RuleJson("alone")), "");
  EXPECT_EQ(b().CommitText(RuleJson("alone")), "SYNC_DIRECTION ");
}

TEST_F(PairReasonsTest, F156_Versions) {
  ShowsFact("VERSION_INCOMPATIBLE", [](Facts& facts) { facts.version = "0.3.0"; });
  b().facts.facts.version = "2.0.0";
  nodes_.Run(1'000);
  ExpectBlocked("VERSION_INCOMPATIBLE");
}
TEST_F(PairReasonsTest, F158_Vsys) {
  ShowsFact("FEATURE_MISMATCH(vsys)", [](Facts& facts) { facts.features["vsys"] = true; });
}
TEST_F(PairReasonsTest, F159_Gtp) {
  ShowsFact("FEATURE_MISMATCH(gtp)", [](Facts& facts) { facts.features["gtp"] = true; });
}
TEST_F(PairReasonsTest, F160_Sctp) {
  ShowsFact("FEATURE_MISMATCH(sctp)", [](Facts& facts) { facts.features["sctp"] = true; });
}
TEST_F(PairReasonsTest, F161_Vpn) {
  ShowsFact("FEATURE_MISMATCH(vpn)", [](Facts& facts) { facts.features["vpn"] = true; });
}
TEST_F(PairReasonsTest, F162_AnyFeature) {
  ShowsFact("FEATURE_MISMATCH(later)", [](Facts& facts) { facts.features["later"] = true; });
}
TEST_F(PairReasonsTest, F164_ContentDatabase) {
  ShowsFact("CONTENT_DB_INCOMPATIBLE", [](Facts& facts) { facts.content_database = "9"; });
}
TEST_F(PairReasonsTest, F165_Licences) {
  ShowsFact("LICENSE_MISMATCH", [](Facts& facts) { facts.licenses = {"more"}; });
}
TEST_F(PairReasonsTest, F166_PluginsWarnOrBlock) {
  b().facts.facts.plugins["dlp"] = "1";
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "PLUGIN_MISMATCH(dlp)");
  EXPECT_EQ(b().Reasons(), "PLUGIN_MISMATCH(dlp)");
  EXPECT_EQ(a().State(), "in-sync");
  a().facts.facts.required_plugins = {"dlp"};
  nodes_.Run(1'000);
  ExpectBlocked("PLUGIN_MISMATCH(dlp)");
  a().facts.facts.plugins["dlp"] = "1";
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "");
  EXPECT_EQ(b().Action("blocked"), "permit");
}
TEST_F(PairReasonsTest, MasterKeys) {
  ShowsFact("MASTER_KEY_MISMATCH", [](Facts& facts) { facts.master_key = "other"; });
}

TEST_F(PairReasonsTest, F163_ADataplaneThatIsNotReady) {
  b().facts.role.is_dataplane_ready = false;
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "PEER_DATAPLANE_NOT_READY");
  ASSERT_EQ(b().Remote().their_reasons.size(), 1u);
  EXPECT_EQ(NameOf(b().Remote().their_reasons[0]), "PEER_DATAPLANE_NOT_READY");
  // The configuration travels all the same.
  EXPECT_EQ(a().CommitText(RuleJson("web")), "");
  EXPECT_EQ(b().Action("web"), "permit");
  b().facts.role.is_dataplane_ready = true;
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "");
  EXPECT_TRUE(b().Remote().their_reasons.empty());
  // Where there are no dataplanes, none can be unready.
  a().facts.role = b().facts.role = LocalRole{};
  nodes_.Run(1'000);
  EXPECT_EQ(Shown(a()) + Shown(b()), "");
}

// Each node's own dataplane says it.
TEST_F(PairReasonsTest, F153_F154_WhatTheDataplaneSaysIsShown) {
  for (const ReasonCode code :
       {ReasonCode::kStateSyncDisabled, ReasonCode::kHa2Down, ReasonCode::kHa2NoProgress}) {
    for (PairNode* const node : {&a(), &b()}) {
      node->facts.role.reasons = {{.code = code}};
      EXPECT_EQ(node->Reasons(), RowOf(code).name);
      EXPECT_EQ(node->State(), "in-sync");  // Of configurations it says nothing.
      node->facts.role.reasons.clear();
      EXPECT_EQ(node->Reasons(), "");
    }
  }
}

TEST_F(PairReasonsTest, F19_OtherHardwareWithholdsInterfacesAlone) {
  b().facts.facts.hardware = "another";
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "HW_MODEL_MISMATCH");
  EXPECT_EQ(b().Reasons(), "HW_MODEL_MISMATCH");
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].withheld, std::vector<std::string>{"interfaces"});
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().CommitText(R"({"ha": {"failover": {"enabled": false}}})"), "");
  EXPECT_EQ(a().CommitText(R"({"interfaces": {"loopback": [{"name": "lo"}]}})"), "");
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync");
  const Path interfaces = PathDown(a().judge.root(), {"interfaces"});
  EXPECT_EQ(b().Running().Find(interfaces), nullptr);
  // Each may have changed interfaces of its own meanwhile: somebody has to say whose count.
  b().facts.facts.hardware = a().facts.facts.hardware;
  nodes_.Run(2'000);
  EXPECT_EQ(a().State(), "diverged") << a().Reasons();
  EXPECT_EQ(b().Running().Find(interfaces), nullptr);
  EXPECT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite, .remote = "b"}).done);
  EXPECT_NE(b().Running().Find(interfaces), nullptr);
}

TEST_F(PairReasonsTest, F157_ASchemaOneReleaseApartNamesWhatItBlocks) {
  std::vector<std::string> paths;
  std::vector<const SchemaNode*> open = {&a().judge.root()};
  while (!open.empty()) {
    const SchemaNode* const node = open.back();
    open.pop_back();
    paths.push_back(node->path);
    open.insert(open.end(), node->children.begin(), node->children.end());
  }
  std::ranges::sort(paths);
  a().facts.facts.schema_paths = paths;
  std::erase(paths, "/policy/rule/description");
  b().facts.facts.schema_paths = paths;
  b().facts.facts.schema = "older";
  nodes_.Run(1'000);
  EXPECT_EQ(Shown(a()) + Shown(b()), "");
  EXPECT_EQ(a().CommitText(RuleJson("web")), "");
  EXPECT_EQ(b().Action("web"), "permit");
  const CommitOutcome outcome = a().Commit(
      R"({"policy": {"rule": [{"name": "web", "description": "new", "action": "deny"}]}})");
  ASSERT_EQ(outcome.remotes.size(), 1u);
  ASSERT_FALSE(outcome.remotes[0].reasons.empty());
  EXPECT_EQ(NameOf(outcome.remotes[0].reasons[0]), "SCHEMA_BLOCKED");
  EXPECT_EQ(outcome.remotes[0].reasons[0].evidence, "/policy/rule/description");
  nodes_.Run(1'000);
  EXPECT_EQ(b().Action("web"), "permit");  // Nothing of it, not all but one leaf.
  EXPECT_EQ(a().Reasons(), "SCHEMA_BLOCKED");
  EXPECT_NE(Shown(b()).find("<SCHEMA_BLOCKED"), std::string::npos) << Shown(b());
}

TEST_F(PairReasonsTest, F9_ARemoteThatDoesNotAnswer) {
  b().Stop();
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "PEER_API_DOWN");
  EXPECT_EQ(a().State(), "connecting");
  b().Start();
  nodes_.Run(2'500);
  EXPECT_EQ(a().Reasons(), "");
  EXPECT_EQ(a().State(), "in-sync");
}

TEST_F(PairReasonsTest, F29_CredentialsThatAreWrongAreShownAtTheCommit) {
  nodes_.wire.judge = [](const Wire::Call&) { return StatusOf({.code = ReasonCode::kAuthFailed}); };
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  EXPECT_EQ(NameOf(outcome.remotes.at(0).reasons.at(0)), "AUTH_FAILED");
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
}

TEST_F(PairReasonsTest, AStoreThatIsFullThereIsShownAndOverWithItsCause) {
  b().store.fails_always = absl::ResourceExhaustedError("disk full");
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(NameOf(outcome.remotes.at(0).reasons.at(0)), "PEER_STORE_FULL");
  nodes_.Run(2'000);
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_EQ(a().Reasons(), "PEER_STORE_FULL");
  b().store.fails_always = absl::OkStatus();
  nodes_.Run(40'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().Reasons(), "");
}

}  // namespace
}  // namespace configsync
