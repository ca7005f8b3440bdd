// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/names.h"

#include <gtest/gtest.h>

#include "statesync/table/session_entry.h"

namespace dataplane {
namespace {

TEST(Names, AreTheWordsOfTheVocabulary) {
  EXPECT_EQ(NameOf(statesync::Role::kNonfunctional), "nonfunctional");
  EXPECT_EQ(NameOf(statesync::Role::kTentative), "tentative");
  EXPECT_EQ(NameOf(statesync::Readiness::kAtRisk), "at-risk");
  EXPECT_EQ(NameOf(statesync::AtRiskReason::kLostFrames), "lost-frames");
  EXPECT_EQ(NameOf(statesync::AtRiskReason::kExposure), "exposure");
  EXPECT_EQ(NameOf(statesync::AtRiskReason::kValueMismatch), "value-mismatch");
  EXPECT_EQ(NameOf(statesync::AtRiskReason::kTableUnknown), "table-unknown");
  EXPECT_EQ(NameOf(statesync::AtRiskReason::kPeerCapacity), "peer-capacity");
  EXPECT_EQ(NameOf(statesync::MismatchKind::kDigest), "digest");
  EXPECT_EQ(NameOf(statesync::MismatchKind::kValue), "scrub");
  EXPECT_EQ(NameOf(DetectedBy::kNoPeerAtStart), "no-peer-at-start");
  EXPECT_EQ(NameOf(DetectedBy::kPreempted), "preempted");
}

TEST(Names, ANumberFromThePeerBeyondTheEnumIsUnknown) {
  EXPECT_EQ(NameOf(static_cast<statesync::Role>(200)), "unknown");
  EXPECT_EQ(NameOf(static_cast<statesync::Readiness>(200)), "unknown");
}

TEST(Names, EveryStateHasAProtocolAndAName) {
  int count = 0;
  for (int s = 1; s <= statesync::kSessionStateMax; ++s) {
    const auto state = static_cast<statesync::SessionState>(s);
    if (statesync::ProtocolOf(state) != 0) {
      EXPECT_NE(NameOf(state), "unknown") << s;
      ++count;
    }
  }
  EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace dataplane
