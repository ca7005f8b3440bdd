// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/reasons/reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace configsync {
namespace {

// A remedy says what to do: its first word is one of these.
const std::set<std::string> kVerbs{
    "Check",  "Commit", "Compare",   "Configure", "Correct", "End",     "Forget",
    "Free",   "Give",   "Install",   "Keep",      "Let",     "Look",    "Pair",
    "Permit", "Push",   "Overwrite", "Release",   "Remove",  "Restore", "Save",
    "Set",    "Start",  "Switch",    "Update",    "Wait"};

// F52: whatever can be wrong has a name, a sentence and something to do about it.
TEST(Reasons, F52_EveryCodeHasARow) {
  ASSERT_EQ(ReasonRows().size(), kReasonCount);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const ReasonCode code = static_cast<ReasonCode>(i);
    const ReasonRow& row = RowOf(code);
    SCOPED_TRACE(row.name);
    EXPECT_EQ(row.code, code);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_FALSE(row.name.empty());
    EXPECT_TRUE(std::ranges::all_of(row.name, [](unsigned char c) {
      return std::isupper(c) != 0 || std::isdigit(c) != 0 || c == '_';
    }));
    EXPECT_EQ(ReasonCodeOf(row.name), code);
    ASSERT_FALSE(row.meaning.empty());
    EXPECT_TRUE(row.meaning.ends_with('.'));
    EXPECT_NE(std::isupper(static_cast<unsigned char>(row.meaning[0])), 0);
    ASSERT_FALSE(row.remedy.empty());
    EXPECT_TRUE(row.remedy.ends_with('.'));
    std::string verb(row.remedy.substr(0, row.remedy.find_first_of(" ;:,")));
    EXPECT_TRUE(kVerbs.contains(verb)) << verb;
  }
  EXPECT_EQ(ReasonCodeOf("NO_SUCH_REASON"), std::nullopt);
  EXPECT_EQ(ReasonCodeOf(""), std::nullopt);
}

TEST(Reasons, NamesAreThoseOfTheFeatureList) {
  const std::vector<std::pair<ReasonCode, std::string_view>> cases{
      {ReasonCode::kHa1NotSyncInterface, "HA1_NOT_SYNC_INTERFACE"},
      {ReasonCode::kPeerPortBlocked, "PEER_PORT_BLOCKED"},
      {ReasonCode::kPeerApiDown, "PEER_API_DOWN"},
      {ReasonCode::kStateSyncDisabled, "STATE_SYNC_DISABLED"},
      {ReasonCode::kHa2Down, "HA2_DOWN"},
      {ReasonCode::kHa2NoProgress, "HA2_NO_PROGRESS"},
      {ReasonCode::kConfigSyncDisabledLocal, "CONFIG_SYNC_DISABLED_LOCAL"},
      {ReasonCode::kConfigSyncDisabledPeer, "CONFIG_SYNC_DISABLED_PEER"},
      {ReasonCode::kVersionIncompatible, "VERSION_INCOMPATIBLE"},
      {ReasonCode::kNotBaselined, "NOT_BASELINED"},
      {ReasonCode::kDiverged, "DIVERGED"},
      {ReasonCode::kFeatureMismatch, "FEATURE_MISMATCH"},
      {ReasonCode::kPeerDataplaneNotReady, "PEER_DATAPLANE_NOT_READY"},
      {ReasonCode::kContentDbIncompatible, "CONTENT_DB_INCOMPATIBLE"},
      {ReasonCode::kLicenseMismatch, "LICENSE_MISMATCH"},
      {ReasonCode::kPluginMismatch, "PLUGIN_MISMATCH"},
  };
  for (const auto& [code, name] : cases) {
    EXPECT_EQ(RowOf(code).name, name);
  }
}

TEST(Reasons, WhatMayNotTravelIsSaid) {
  using enum ReasonCode;
  for (const ReasonCode code :
       {kVersionIncompatible, kSchemaBlocked, kModeMismatch, kMasterKeyMismatch, kFeatureMismatch,
        kContentDbIncompatible, kLicenseMismatch, kReceivePinned, kNotBaselined, kDiverged}) {
    EXPECT_EQ(RowOf(code).blocks, Blocks::kPush) << RowOf(code).name;
  }
  EXPECT_EQ(RowOf(kHwModelMismatch).blocks, Blocks::kCategory);
  for (const ReasonCode code :
       {kPeerDataplaneNotReady, kStateSyncDisabled, kHa2Down, kHa2NoProgress}) {
    EXPECT_EQ(RowOf(code).blocks, Blocks::kState) << RowOf(code).name;
  }
  for (const ReasonCode code : {kPendingApply, kPending, kNotSaved}) {
    EXPECT_EQ(RowOf(code).blocks, Blocks::kNothing) << RowOf(code).name;
  }
}

// F166: what a mismatch of plugins means depends on whether the plugin is required.
TEST(Reasons, F166_AReasonMayWeighMoreThanItsRow) {
  Reason reason{.code = ReasonCode::kPluginMismatch, .subject = "dns", .remote = {}};
  EXPECT_EQ(SeverityOf(reason), Severity::kWarning);
  EXPECT_EQ(BlocksOf(reason), Blocks::kNothing);
  reason.severity = Severity::kError;
  reason.blocks = Blocks::kPush;
  EXPECT_EQ(SeverityOf(reason), Severity::kError);
  EXPECT_EQ(BlocksOf(reason), Blocks::kPush);
  EXPECT_EQ(TextOf(reason).substr(0, 27), "error PLUGIN_MISMATCH(dns):");
}

TEST(Reasons, ATextHasEvidenceAndRemedy) {
  Reason reason{.code = ReasonCode::kFeatureMismatch,
                .subject = "vsys",
                .remote = "fw-b",
                .evidence = "here true, on fw-b false"};
  EXPECT_EQ(NameOf(reason), "FEATURE_MISMATCH(vsys)");
  EXPECT_EQ(TextOf(reason),
            "error FEATURE_MISMATCH(vsys): here true, on fw-b false; switch the feature on or off "
            "at both nodes");
  reason.evidence = "here true, there false.";
  EXPECT_EQ(TextOf(reason),
            "error FEATURE_MISMATCH(vsys): fw-b: here true, there false; switch the feature on or "
            "off at both nodes");
  reason.evidence.clear();
  EXPECT_NE(TextOf(reason).find(": fw-b: A feature is on at one node only; "), std::string::npos);
  reason.evidence = std::string(100'000, 'x');
  EXPECT_LT(TextOf(reason).size(), kReasonEvidenceBytesMax + 500);
  reason.evidence = std::string(kReasonEvidenceBytesMax - 1, 'x') + "\u00fc";
  EXPECT_EQ(ReasonOf(StatusOf(reason)).evidence, std::string(kReasonEvidenceBytesMax - 1, 'x'));
}

TEST(Reasons, AStatusCarriesEachReasonThereAndBack) {
  for (const ReasonRow& row : ReasonRows()) {
    Reason reason{.code = row.code,
                  .subject = "vsys",
                  .remote = "fw-b",
                  .evidence = "two\nlines, \x01 and more",
                  .severity = Severity::kInfo,
                  .blocks = Blocks::kState};
    EXPECT_FALSE(StatusOf(reason).ok());
    EXPECT_EQ(ReasonOf(StatusOf(reason)), reason) << row.name;
    reason.severity.reset();
    reason.blocks.reset();
    EXPECT_EQ(ReasonOf(StatusOf(reason)), reason) << row.name;
    EXPECT_EQ(std::string(StatusOf(reason).message()).find(row.name), 0u);
  }
}

TEST(Reasons, AStatusWithoutAReasonIsAnErrorOfThePeer) {
  const Reason plain = ReasonOf(absl::InternalError("what it said"));
  EXPECT_EQ(plain.code, ReasonCode::kPeerError);
  EXPECT_EQ(plain.evidence, "what it said");
  for (const char* payload : {"", "PEER_BUSY", "NONE\n\n\n\n\n", "\n\n\n\n\n"}) {
    absl::Status damaged = absl::InternalError("what it said");
    damaged.SetPayload("lockstep/reason", absl::Cord(payload));
    EXPECT_EQ(ReasonOf(damaged), plain);
  }
}

TEST(Reasons, AStatusSaysWhetherAFurtherCallCanHelp) {
  const auto code = [](ReasonCode reason) { return StatusOf({.code = reason}).code(); };
  EXPECT_EQ(code(ReasonCode::kPeerTimeout), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(ReasonCode::kPeerApiDown), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(ReasonCode::kCertNotPinned), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code(ReasonCode::kStaleTerm), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace configsync
