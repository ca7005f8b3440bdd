// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/records.h"

#include <gtest/gtest.h>

namespace configsync {
namespace {

TEST(PairRecords, EveryRecordComesBackAsItWentIn) {
  const SourceRecord source = {.device = "a1", .term = 4, .path = {"c3", "a1"}};
  EXPECT_EQ(*DecodeSource(Encode(source)), source);
  EXPECT_EQ(*DecodeSource(Encode(SourceRecord{})), SourceRecord{});
  RemoteRecord remote = {.device = "b2",
                         .agreed = TargetRef{.revision = 7, .held = {{"firewall", 5}, {"nat", 6}}},
                         .offered = {{.revision = 8, .held = {}}},
                         .confirm = ConfirmPassed{3, 8, 1'700'000'000'000}};
  EXPECT_EQ(*DecodeRemote(Encode(remote)), remote);
  EXPECT_EQ(*DecodeRemote(""), RemoteRecord{});
  const HeldRecord held = {.categories = {{"firewall", {5, HoldCause::kApply}},
                                          {"users", {6, HoldCause::kCentralManager}}},
                           .revisions = {{HoldCause::kApply, 2}}};
  EXPECT_EQ(*DecodeHeld(Encode(held)), held);
}

TEST(PairRecords, WhatIsNotUnderstoodIsAnError) {
  for (const char* text :
       {"device", "agreed x", "agreed 1 a", "offered", "confirm 1 2", "what 1", "agreed 1 a=b=c"}) {
    EXPECT_FALSE(DecodeRemote(text).ok()) << text;
  }
  const BoundRecord bound = {.device = "a1", .address = "10.9.1.2:4792", .backup_address = ""};
  EXPECT_EQ(*DecodeBound(Encode(bound)), bound);
  EXPECT_FALSE(DecodeBound("device a b").ok());
  EXPECT_FALSE(DecodeSource("term -1").ok());
  EXPECT_FALSE(DecodeHeld("category firewall 1 never").ok());
  EXPECT_FALSE(DecodeNumber("1x").ok());
  EXPECT_FALSE(DecodeRemote(std::string(kNoteBytesMax + 1, 'a')).ok());
}

TEST(PairRecords, TheLastEightOffersStay) {
  RemoteRecord record;
  for (RevisionId revision = 1; revision <= 10; ++revision) Offer(record, {revision, {}});
  Offer(record, {5, {}});
  ASSERT_EQ(record.offered.size(), kOfferedMax);
  EXPECT_EQ(record.offered.front().revision, 3u);
  EXPECT_EQ(record.offered.back().revision, 5u);
}

}  // namespace
}  // namespace configsync
