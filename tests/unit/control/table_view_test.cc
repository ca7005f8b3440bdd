// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/table_view.h"

#include <gtest/gtest.h>

namespace dataplane {
namespace {

using lockstep::control::TableReplication;
using statesync::Millis;

constexpr std::int64_t kNowNs = 50'000'000'000;

TableReplication ViewOf(const statesync::TableStatus& table) {
  statesync::EngineStatus status;
  status.table_count = 1;
  status.tables[0] = table;
  google::protobuf::RepeatedPtrField<TableReplication> tables;
  FillTables(status, kNowNs, tables);
  return tables.Get(0);
}

TEST(TableView, NamesTheShardThatDiffersAndWhenItWasRepaired) {
  statesync::TableStatus table{.table = statesync::TableId::kSession};
  EXPECT_EQ(ViewOf(table).mismatches().found(), 0u);
  EXPECT_FALSE(ViewOf(table).mismatches().has_shard()) << "shard 0 is a shard, too";
  table.mismatches = {.found = 4,
                      .open = 2,
                      .shard = 0,
                      .kind = statesync::MismatchKind::kValue,
                      .found_at = {kNowNs - Millis(700).ns}};
  EXPECT_EQ(ViewOf(table).mismatches().found(), 4u);
  EXPECT_EQ(ViewOf(table).mismatches().open(), 2u);
  EXPECT_TRUE(ViewOf(table).mismatches().has_shard());
  EXPECT_EQ(ViewOf(table).mismatches().found_by(), "scrub");
  EXPECT_EQ(ViewOf(table).mismatches().found_ms_ago(), 700u);
  EXPECT_FALSE(ViewOf(table).mismatches().has_repaired_after_us());
  table.mismatches.is_repaired = true;
  table.mismatches.repaired_at = {kNowNs - Millis(650).ns};
  EXPECT_EQ(ViewOf(table).mismatches().repaired_after_us(), 50'000u);
}

TEST(TableView, AWarningIsShownWithoutARisk) {
  const TableReplication table = ViewOf({.table = statesync::TableId::kSession,
                                         .readiness = statesync::Readiness::kSynced,
                                         .reason = statesync::AtRiskReason::kPeerCapacity});
  EXPECT_EQ(table.readiness(), "synced");
  EXPECT_EQ(table.reason(), "peer-capacity");
}

}  // namespace
}  // namespace dataplane
