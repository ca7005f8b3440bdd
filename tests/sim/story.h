// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Words for scenario tests: a world in which node 0 owns the tables and node 1 is synced.

#pragma once

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "tests/sim/world.h"

namespace sim {

inline constexpr int kOwner = 0;
inline constexpr int kReceiver = 1;

// Quiet by default: no faults, no load.
inline WorldOptions Calm(std::uint64_t seed = 1) {
  WorldOptions options;
  options.seed = seed;
  options.workload_runs = false;
  return options;
}

inline std::unique_ptr<World> Started(const WorldOptions& options) {
  auto world = std::make_unique<World>(options);
  world->Boot(kOwner);
  world->Boot(kReceiver);
  world->Activate(kOwner);
  return world;
}

inline std::unique_ptr<World> Synced(const WorldOptions& options) {
  auto world = Started(options);
  EXPECT_TRUE(world->RunUntil([&] { return world->IsSynced(); }, statesync::Seconds(2)))
      << world->failure();
  return world;
}

inline statesync::FlowKey KeyOf(std::uint32_t number) {
  return {0x0000'000au | (number << 8), 0x0100'00cbu, static_cast<std::uint16_t>(number), 0x5000,
          6};
}

// Opens `count` sessions with numbers from `first` on the node's table; the caller kicks the node.
inline std::vector<statesync::Handle> Open(World& world, int node, std::uint32_t first,
                                           std::uint32_t count) {
  std::vector<statesync::Handle> handles;
  statesync::SessionTable& table = world.node(node).table();
  for (std::uint32_t i = first; i < first + count; ++i) {
    statesync::NewSession session;
    session.key = KeyOf(i);
    session.state = statesync::SessionState::kTcpEstablished;
    statesync::Handle handle;
    if (table.Insert(session, handle) != statesync::InsertResult::kInserted) continue;
    table.BeginWrite(handle);
    table.entry(handle).edge[0] = i << 8;  // The incarnation that checkers look at.
    table.EndWrite(handle);
    world.ledger().OnWritten(node, table.entry(handle));
    handles.push_back(handle);
  }
  table.MarkDirtyBatch(0, handles);
  world.Kick(node);
  return handles;
}

inline void Advance(World& world, int node, const std::vector<statesync::Handle>& handles) {
  statesync::SessionTable& table = world.node(node).table();
  for (const statesync::Handle handle : handles) {
    table.BeginWrite(handle);
    table.entry(handle).edge[1] += 1'024;
    table.EndWrite(handle);
    world.ledger().OnWritten(node, table.entry(handle));
  }
  table.MarkDirtyBatch(0, handles);
  world.Kick(node);
}

inline void Close(World& world, int node, const std::vector<statesync::Handle>& handles) {
  statesync::SessionTable& table = world.node(node).table();
  for (const statesync::Handle handle : handles) {
    world.ledger().OnDeleted(node, table.entry(handle));
    table.Delete(handle);
  }
  table.MarkDirtyBatch(0, handles);
  world.Kick(node);
}

inline bool Holds(World& world, int node, std::uint32_t number) {
  return world.node(node).table().Lookup(KeyOf(number)).slot != statesync::kNoSlot;
}

#define EXPECT_QUIET(world) EXPECT_TRUE((world).RunUntilQuiet()) << (world).failure()

}  // namespace sim
