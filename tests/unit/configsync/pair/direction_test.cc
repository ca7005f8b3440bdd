// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/direction.h"

#include <gtest/gtest.h>

namespace configsync {
namespace {

constexpr HaRole kRoles[] = {HaRole::kUnknown, HaRole::kActive, HaRole::kStandby};
constexpr SourceIs kSources[] = {SourceIs::kNone, SourceIs::kAnother, SourceIs::kThisRemote};

TEST(Direction, F3_OnlyTheActiveNodePushes) {
  for (const HaRole peers : kRoles) {
    for (const SourceIs source : kSources) {
      EXPECT_EQ(RightToPush(HaRole::kStandby, peers, source), PushRight::kSyncDirection);
    }
  }
  EXPECT_EQ(RightToPush(HaRole::kActive, HaRole::kStandby, SourceIs::kNone), PushRight::kYes);
  EXPECT_EQ(RightToPush(HaRole::kActive, HaRole::kUnknown, SourceIs::kAnother), PushRight::kYes);
}

TEST(Direction, F4_NobodyPushesToTheActiveNode) {
  for (const HaRole own : kRoles) {
    for (const SourceIs source : kSources) {
      EXPECT_EQ(RightToPush(own, HaRole::kActive, source), PushRight::kSyncDirection);
    }
  }
}

TEST(Direction, F6_NothingGoesBackToItsSource) {
  for (const HaRole own : {HaRole::kActive, HaRole::kUnknown}) {
    for (const HaRole peers : {HaRole::kUnknown, HaRole::kStandby}) {
      EXPECT_EQ(RightToPush(own, peers, SourceIs::kThisRemote), PushRight::kLoop);
      EXPECT_EQ(RightToPush(own, peers, SourceIs::kAnother), PushRight::kYes);
      EXPECT_EQ(RightToPush(own, peers, SourceIs::kNone), PushRight::kYes);
    }
  }
}

TEST(Direction, F6_ASourceOfAnOlderTermIsNone) {
  const SourceRecord source = {.device = "a", .term = 3, .path = {"a"}};
  EXPECT_EQ(RelationOf(source, "a", 3), SourceIs::kThisRemote);
  EXPECT_EQ(RelationOf(source, "b", 3), SourceIs::kAnother);
  EXPECT_EQ(RelationOf(source, "a", 4), SourceIs::kNone);
  EXPECT_EQ(RelationOf({}, "", 0), SourceIs::kNone);
}

}  // namespace
}  // namespace configsync
