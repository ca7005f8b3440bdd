// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// No allocation after Create(): operator new is armed, then a table lives a life.

#include <array>

#include "gtest/gtest.h"
#include "tests/unit/table/allocation_trap.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {
namespace {

// One turn: a session comes, is published, applied, changed, ends and is retired.
void Turn(SessionTable& active, SessionTable& standby, SessionMaker& maker,
          std::uint64_t& counter) {
  Handle handle;
  if (active.Insert(maker.Any(), handle) != InsertResult::kInserted) return;
  OwnHandle own;
  for (int step = 0; step < 3; ++step) {
    if (step == 2) active.Delete(handle);
    active.MarkDirtyBatch(0, {&handle, 1});
    std::array<Handle, 4> handles;
    const std::size_t count = active.replicated().TakeDirtyBatch(handles);
    ENSURE(count == 1 && handles[0] == handle);
    const Published p{Prepare(active, handle), MakeVersion(kTerm, counter++)};
    active.replicated().OnPublished(p.record, p.version, kEpoch);
    if (step == 0) own = OwnOf(p, ApplyInsert(standby, p));
    if (step == 1) ENSURE(ApplyUpdate(standby, p, own).result == ApplyResult::kApplied);
    if (step == 2) ENSURE(ApplyDelete(standby, p.version, own).result == ApplyResult::kApplied);
  }
  active.replicated().Retire(handle);
  std::array<Handle, 4> due;
  active.ListExpired(handle.shard, 5, due);
}

TEST(Allocation, TheTrapCatches) {
  ArmAllocationTrap();
  auto* volatile memory = new int(1);
  delete memory;
  EXPECT_EQ(DisarmAllocationTrap(), 1u);
}

TEST(Allocation, NoneAfterCreate) {
  auto active = MakeTable(4'096, 1);
  auto standby = MakeTable(4'096, 2);
  SessionMaker maker(1);
  std::uint64_t counter = 1;
  ArmAllocationTrap();
  for (int turn = 0; turn < 100'000; ++turn) Turn(*active, *standby, maker, counter);
  active->replicated().ForgetPeer();
  EXPECT_EQ(DisarmAllocationTrap(), 0u);
  EXPECT_EQ(active->live_count(), 0u);
  EXPECT_EQ(DifferingShards(*active, *standby), 0u);
}

}  // namespace
}  // namespace statesync
