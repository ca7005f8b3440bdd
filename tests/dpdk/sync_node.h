// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One node of a test: a sync loop over a ring port, its table, and the parts of the ha thread and
// of worker 0 that it meets in SharedState.
//
// Threads: one.

#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/core/byte_order.h"
#include "dataplane/crypto/openssl_primitives.h"
#include "dataplane/dpdk/sync_loop.h"
#include "tests/dpdk/sync_wire.h"

namespace dataplane::testing {

inline statesync::PairSecret SecretOf(std::uint8_t fill) {
  statesync::PairSecret secret;
  for (std::uint8_t& byte : secret.bytes()) byte = fill;
  return secret;
}

struct NodeSetup {
  std::uint8_t index = 0;
  statesync::BootId boot_id = 1;
  std::uint8_t secret = 0x5a;
  unsigned ring_frames = 1'024;
  bool has_ha2 = true;
  std::uint32_t capacity = 8'192;
  std::uint32_t peer_capacity = 0;  // 0: as its own.
  std::uint8_t streams = 1;
  std::size_t links = 1;
  std::uint64_t rekey_after_packets = std::uint64_t{1} << 26;
  std::string ha2_key_file{};
  bool debug = false;
};

class SyncNode {
 public:
  explicit SyncNode(const NodeSetup& setup) : wire(setup.ring_frames) {
    if (setup.links == 2) second_wire = std::make_unique<WireEnd>(setup.ring_frames);
    static int count = 0;
    options.name = "n" + std::to_string(count++);
    options.index = setup.index;
    options.forwarding.nat_addresses = {MakeAddr(192, 0, 2, 1)};
    shared.forwarding.id_map_digest.store(77);
    options.ha.enabled = true;
    options.ha.state_sync = true;
    if (setup.has_ha2) options.ha.ha2.device = wire.device();
    options.ha.ha2.streams = setup.streams;
    options.tables.sessions = setup.capacity;
    options.tables.peer_sessions = setup.peer_capacity == 0 ? setup.capacity : setup.peer_capacity;
    options.debug.enabled = setup.debug;
    options.debug.ha2_key_file = setup.ha2_key_file;
    if (second_wire != nullptr) {
      Ha2Options& second = options.ha.ha2_second;
      second.device = second_wire->device();
      second.streams = setup.streams;
      second.local_address = MakeAddr(10, 9, 3, static_cast<std::uint8_t>(1 + setup.index));
      second.peer_address = MakeAddr(10, 9, 3, static_cast<std::uint8_t>(2 - setup.index));
    }
    options.ha.ha2.rekey_after_packets = setup.rekey_after_packets;
    options.ha.ha2.local_address = MakeAddr(10, 9, 2, static_cast<std::uint8_t>(1 + setup.index));
    options.ha.ha2.peer_address = MakeAddr(10, 9, 2, static_cast<std::uint8_t>(2 - setup.index));

    statesync::SessionTableOptions table_options;
    table_options.capacity = setup.capacity;
    table_options.index_seed = setup.boot_id;
    table_options.digest_key[0] = 1;
    table_options.digest_key[1] = 2;
    table_options.nat_addresses = options.forwarding.nat_addresses;
    table = statesync::SessionTable::Create(table_options).value();

    SyncLoopOptions loop_options;
    loop_options.options = &options;
    loop_options.boot_id = setup.boot_id;
    absl::StatusOr<std::unique_ptr<SyncLoop>> made =
        SyncLoop::Create(loop_options, SecretOf(setup.secret), primitives, shared, *table);
    EXPECT_TRUE(made.ok()) << made.status();
    loop = *std::move(made);
  }

  // ---- ha thread, worker 0 ----
  // The ha thread's tick: extends the deadline of the role word.
  void Tick(std::int64_t now_ns) { shared.role.forward_until_ns.store(now_ns + 30'000'000); }
  void SetRole(statesync::Role role, std::uint32_t term, bool worker_sees = true) {
    const RoleWord word = RoleWord::Make(role, {term}, ++change_);
    shared.role.word.store(word.bits);
    if (worker_sees) WorkerSees();
  }
  void WorkerSees() { shared.workers[0].seen_change.store(change_); }
  [[nodiscard]] std::uint32_t change() const { return change_; }
  [[nodiscard]] bool MayWrite() const {
    return RoleWord{shared.role.word.load()}.role() == statesync::Role::kActive &&
           shared.sync.released_change.load() >= change_;
  }

  // ---- Worker 0 as a writer ----
  // Session number i, the same on every node; every third one has source NAT.
  static statesync::NewSession SessionOf(std::uint32_t i) {
    statesync::NewSession session;
    // The shard follows the XOR of addresses and ports: spread the one, count the other.
    const std::uint32_t spread = i * 2'654'435'761u;
    session.key = {.source_addr = MakeAddr(10, static_cast<std::uint8_t>(spread >> 24),
                                           static_cast<std::uint8_t>(spread >> 16),
                                           static_cast<std::uint8_t>(spread >> 8)),
                   .target_addr = MakeAddr(198, 51, 100, 7),
                   .source_port = HostToNet(static_cast<std::uint16_t>(20'000 + i)),
                   .target_port = HostToNet(std::uint16_t{443}),
                   .protocol = 6};
    session.state = statesync::SessionState::kTcpEstablished;
    session.rule = 10;
    if (i % 3 == 0) {
      session.nat_addr = MakeAddr(192, 0, 2, 1);
      session.nat_port = HostToNet(
          statesync::SessionTable::NatPortInShard(session.key, session.nat_addr, i % 256));
    }
    return session;
  }
  void Open(std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = first; i < first + count; ++i) {
      statesync::NewSession session = SessionOf(i);
      statesync::Handle handle;
      std::uint32_t n = i;
      statesync::InsertResult result = table->Insert(session, handle);
      while (result == statesync::InsertResult::kNatPortTaken) {
        session.nat_port = HostToNet(
            statesync::SessionTable::NatPortInShard(session.key, session.nat_addr, ++n % 256));
        result = table->Insert(session, handle);
      }
      ASSERT_EQ(result, statesync::InsertResult::kInserted) << "session " << i;
      table->MarkDirtyBatch(0, {&handle, 1});
    }
  }
  void Advance(std::uint32_t i, std::uint32_t edge) {
    const statesync::Handle handle = Find(i);
    table->BeginWrite(handle);
    table->entry(handle).edge[0] = edge;
    table->EndWrite(handle);
    table->MarkDirtyBatch(0, {&handle, 1});
  }
  void Close(std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = first; i < first + count; ++i) {
      const statesync::Handle handle = Find(i);
      table->Delete(handle);
      table->MarkDirtyBatch(0, {&handle, 1});
    }
  }
  [[nodiscard]] statesync::Handle Find(std::uint32_t i) const {
    const statesync::FlowKey key = SessionOf(i).key;
    const statesync::LookupResult found = table->Lookup(key);
    EXPECT_NE(found.slot, statesync::kNoSlot) << "session " << i;
    return {statesync::SessionTable::ShardOf(key), found.slot};
  }

  // ---- Observers ----
  [[nodiscard]] WireEnd* link(std::size_t i) { return i == 0 ? &wire : second_wire.get(); }
  // What is replicated of every session, by client port.
  [[nodiscard]] std::map<std::uint16_t, std::string> Dump() const {
    std::map<std::uint16_t, std::string> dump;
    for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
      for (std::uint32_t slot = 0; slot < table->slots_per_shard(); ++slot) {
        statesync::SessionEntry entry;
        if (!table->Snapshot({static_cast<statesync::ShardIndex>(shard),
                              static_cast<statesync::SlotIndex>(slot)},
                             entry)) {
          continue;
        }
        std::string& line = dump[NetToHost(entry.client_port)];
        EXPECT_TRUE(line.empty()) << "two sessions of one client port";
        for (const std::uint64_t value :
             {std::uint64_t{entry.client_addr}, std::uint64_t{entry.server_addr},
              std::uint64_t{entry.nat_addr}, std::uint64_t{entry.nat_port},
              std::uint64_t{entry.rule}, std::uint64_t{entry.edge[0] >> 8},
              std::uint64_t{entry.edge[1] >> 8}, std::uint64_t{entry.state}, entry.version}) {
          line += std::to_string(value) + " ";
        }
      }
    }
    return dump;
  }
  [[nodiscard]] std::uint64_t Stat(const std::string& name) const {
    std::vector<StatValue> stats;
    loop->AppendStats(stats);
    for (const StatValue& stat : stats) {
      if (stat.name == name) return stat.value;
    }
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }
  [[nodiscard]] statesync::Readiness readiness() const {
    return static_cast<statesync::Readiness>(shared.sync.readiness.load());
  }

  Options options;
  SharedState shared;
  OpensslPrimitives primitives;
  WireEnd wire;
  std::unique_ptr<WireEnd> second_wire;  // Null: one link.
  std::unique_ptr<statesync::SessionTable> table;
  std::unique_ptr<SyncLoop> loop;

 private:
  std::uint32_t change_ = 0;
};

}  // namespace dataplane::testing
