// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/replication_watch.h"

#include <gtest/gtest.h>

namespace dataplane {
namespace {

using statesync::AtRiskReason;
using statesync::EngineStatus;
using statesync::Millis;
using statesync::Readiness;
using statesync::Role;

class Watch : public testing::Test {
 protected:
  Watch() {
    status_.table_count = 1;
    status_.tables[0].table = statesync::TableId::kSession;
  }
  // "! " before a warning; lines end with a newline.
  std::string Look(Role role = Role::kStandby) {
    std::string text;
    for (const ReplicationWatch::Line& line : watch_.Look(role, status_)) {
      text += (line.is_warning ? "! " : "") + line.text + "\n";
    }
    return text;
  }
  void FindMismatch(statesync::ShardIndex shard, std::int64_t found_ms) {
    statesync::ShardMismatches& mismatches = status_.tables[0].mismatches;
    ++mismatches.found;
    mismatches.shard = shard;
    mismatches.found_at = {Millis(found_ms).ns};
    mismatches.is_repaired = false;
  }
  void Repair(std::int64_t repaired_ms) {
    status_.tables[0].mismatches.is_repaired = true;
    status_.tables[0].mismatches.repaired_at = {Millis(repaired_ms).ns};
  }

  ReplicationWatch watch_;
  EngineStatus status_;
};

TEST_F(Watch, SaysEachChangeOfReadinessOnce) {
  EXPECT_EQ(Look(), "");
  status_.readiness = Readiness::kSynced;
  EXPECT_EQ(Look(), "readiness no-peer -> synced\n");
  EXPECT_EQ(Look(), "");
  status_.readiness = Readiness::kAtRisk;
  status_.reason = AtRiskReason::kHa2Silent;
  EXPECT_EQ(Look(), "! readiness synced -> at-risk(ha2-silent)\n");
  status_.reason = AtRiskReason::kLostFrames;
  EXPECT_EQ(Look(), "! readiness at-risk(ha2-silent) -> at-risk(lost-frames)\n");
}

TEST_F(Watch, OfAnOwnerItSaysThePeersReadiness) {
  status_.readiness = Readiness::kSynced;
  EXPECT_EQ(Look(), "readiness no-peer -> synced\n");
  status_.peer_readiness = Readiness::kCatchUp;
  EXPECT_EQ(Look(Role::kActive), "readiness of the peer catch-up\n") << "another node's";
  status_.peer_readiness = Readiness::kAtRisk;
  status_.reason = AtRiskReason::kExposure;
  EXPECT_EQ(Look(Role::kActive), "! readiness of the peer catch-up -> at-risk(exposure)\n");
}

TEST_F(Watch, NamesADamagedShardAndSaysWhenItIsRepaired) {
  FindMismatch(171, 1'000);
  EXPECT_EQ(Look(),
            "! table session, shard 171: differs from the active node's, found by digest\n");
  EXPECT_EQ(Look(), "");
  Repair(1'050);
  EXPECT_EQ(Look(), "table session, shard 171: repaired after 50.0 ms\n");
  EXPECT_EQ(Look(), "");
}

TEST_F(Watch, WhatCameAndWentBetweenTwoLooksIsToldAllTheSame) {
  FindMismatch(3, 1'000);
  Repair(1'007);
  EXPECT_EQ(Look(),
            "! table session, shard 3: differs from the active node's, found by digest, repaired "
            "after 7.0 ms\n");
  FindMismatch(4, 2'000);
  FindMismatch(5, 2'001);
  EXPECT_EQ(Look(),
            "! table session, shard 5: differs from the active node's, found by digest, the "
            "latest of 2\n");
}

}  // namespace
}  // namespace dataplane
