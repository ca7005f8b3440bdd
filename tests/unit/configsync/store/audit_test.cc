// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/audit.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace configsync {
namespace {

AuditRecord Sample() {
  AuditRecord record;
  record.sequence = 5;
  record.wall_ms = 6;
  record.by = {.user_id = 7, .name = "ann"};
  record.action = "commit";
  record.detail = "detail";
  record.outcome = "done";
  return record;
}

TEST(AuditHash, CoversEveryField) {
  const std::vector<std::function<void(AuditRecord&)>> alterations = {
      [](AuditRecord& record) { ++record.sequence; },
      [](AuditRecord& record) { ++record.wall_ms; },
      [](AuditRecord& record) { ++record.by.user_id; },
      [](AuditRecord& record) { record.by.name += "a"; },
      [](AuditRecord& record) { record.action += "a"; },
      [](AuditRecord& record) { record.detail += "a"; },
      [](AuditRecord& record) { record.outcome += "a"; },
      [](AuditRecord& record) { record.previous.bytes[31] ^= 1; },
  };
  for (std::size_t i = 0; i < alterations.size(); ++i) {
    AuditRecord altered = Sample();
    alterations[i](altered);
    EXPECT_NE(AuditHash(altered), AuditHash(Sample())) << i;
  }
}

TEST(AuditHash, KnowsWhereAFieldEnds) {
  AuditRecord one = Sample(), two = Sample();
  one.action = "ab";
  one.detail = "c";
  two.action = "a";
  two.detail = "bc";
  EXPECT_NE(AuditHash(one), AuditHash(two));
}

}  // namespace
}  // namespace configsync
